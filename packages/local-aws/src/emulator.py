"""Starts MiniStack on a Unix socket, with what it does otherwise than AWS put right.

Not on a port: every web page in a browser on this machine could call it there, and it answers all of them.
EMULATOR_SOCKET is the socket's path.

MiniStack 1.5.33, services/stepfunctions.py:

- TimeoutSeconds of a task may be a JSONata expression (CDK API reference, aws_stepfunctions.Timeout.jsonata); MiniStack
  takes it for a number, and the execution dies of it.
- A task with a task token whose function fails has failed: the wait begins with the function's success (aws/aws-cdk
  pull request 2686). MiniStack waits for the token all the same, to the end of its time.

MiniStack 1.5.33, core/lambda_runtime.py:

- All that a function writes is in its log group, under the invocation that wrote it (Lambda Developer Guide, "Sending
  Lambda function logs to CloudWatch Logs"). MiniStack takes what it has read 50 ms after the answer: on a busy machine
  lines come later, and are logged with the next invocation, or never if there is none. Here each answer of a Node
  function is preceded by a mark in its output, and the log is read up to the mark.
"""

import asyncio
import os
import queue
import resource
import secrets
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import lambda_runtime
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


ANSWERED = f"answered {secrets.token_hex(16)}"
# A killed function's output stays open while a process that it started lives.
SECONDS_WITHOUT_A_LINE = 10
ANSWER = "const _realStdoutWrite = process.stdout.write.bind(process.stdout);"
MARKED_ANSWER = f"""
const _writeAnswer = process.stdout.write.bind(process.stdout);
const _realStdoutWrite = (answer) => {{
  if (JSON.parse(answer).status !== "ready") _stderrWrite("{ANSWERED}\\n");
  return _writeAnswer(answer);
}};
"""
read_stderr = lambda_runtime.Worker._read_stderr
drain_stderr = lambda_runtime.Worker._drain_stderr
drain_stderr_bounded = lambda_runtime.Worker._drain_stderr_bounded


def marks_answers(worker):
    return worker.config.get("Runtime", "").startswith("nodejs")


def read_stderr_to_its_end(worker):
    lines = worker._stderr_queue
    read_stderr(worker)
    if marks_answers(worker):
        lines.put(ANSWERED)


def log_of_invocation(worker):
    lines = []
    while True:
        try:
            line = worker._stderr_queue.get(timeout=SECONDS_WITHOUT_A_LINE)
        except queue.Empty:
            return "\n".join(lines)
        # What the function wrote last may have no end of line.
        before, mark, _ = line.partition(ANSWERED)
        if before or not mark:
            lines.append(before)
        if mark:
            return "\n".join(lines)


def drain_to_the_mark(worker):
    return log_of_invocation(worker) if marks_answers(worker) else drain_stderr(worker)


def drain_bounded_to_the_mark(worker, **bounds):
    return log_of_invocation(worker) if marks_answers(worker) else drain_stderr_bounded(worker, **bounds)


script = lambda_runtime._NODEJS_WORKER_SCRIPT
if script.count(ANSWER) != 1:
    raise RuntimeError("MiniStack's Node worker is another than the one whose answers are marked here")
lambda_runtime._NODEJS_WORKER_SCRIPT = script.replace(ANSWER, MARKED_ANSWER)
lambda_runtime.Worker._read_stderr = read_stderr_to_its_end
lambda_runtime.Worker._drain_stderr = drain_to_the_mark
lambda_runtime.Worker._drain_stderr_bounded = drain_bounded_to_the_mark
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
