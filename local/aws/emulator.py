"""Starts MiniStack on a Unix socket, with what its Step Functions does otherwise than AWS's put right.

Not on a port: every web page in a browser on this machine could call it there, and it answers all of them.
EMULATOR_SOCKET is the socket's path.

MiniStack 1.5.33, services/stepfunctions.py:

- TimeoutSeconds of a task may be a JSONata expression (CDK API reference, aws_stepfunctions.Timeout.jsonata); MiniStack
  takes it for a number, and the execution dies of it.
- A task with a task token whose function fails has failed: the wait begins with the function's success (aws/aws-cdk
  pull request 2686). MiniStack waits for the token all the same, to the end of its time.
"""

import asyncio
import os
import resource
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.services import stepfunctions

execute_task = stepfunctions._execute_task
invoke_with_callback = stepfunctions._invoke_with_callback
call_lambda = stepfunctions._call_lambda
here = threading.local()


class FunctionFailed(Exception):
    """The function that was given the token failed, for its cause."""


def execute_task_with_timeout(state, raw_input, execution, ctx):
    if isinstance(state.get("TimeoutSeconds"), str):
        seconds = stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", raw_input, ctx)
        state = {**state, "TimeoutSeconds": seconds}
    return execute_task(state, raw_input, execution, ctx)


def invoke_or_fail(resource, input_data, token, state):
    here.gives_token = True
    try:
        return invoke_with_callback(resource, input_data, token, state)
    except FunctionFailed as failed:
        stepfunctions._task_tokens.pop(token, None)
        raise failed.__cause__ from None
    finally:
        here.gives_token = False


def call_lambda_or_fail(*args):
    try:
        return call_lambda(*args)
    except stepfunctions._ExecutionError as error:
        if getattr(here, "gives_token", False):
            raise FunctionFailed from error
        raise


stepfunctions._execute_task = execute_task_with_timeout
stepfunctions._invoke_with_callback = invoke_or_fail
stepfunctions._call_lambda = call_lambda_or_fail

if __name__ == "__main__":
    # Bursts of connections need more files than a shell allows by itself.
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    config = Config()
    config.bind = [f"unix:{os.environ['EMULATOR_SOCKET']}"]
    config.umask = 0o077
    # Longer than the gateway keeps an idle connection.
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO").upper()
    asyncio.run(serve(app, config))
