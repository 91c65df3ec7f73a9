set -eu
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
initdb --pgdata /tmp/data --username postgres --pwfile /tmp/password --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8 >/tmp/initdb
echo 'host all all all scram-sha-256' >>/tmp/data/pg_hba.conf
exec postgres -D /tmp/data -c listen_addresses='*' -c unix_socket_directories=/tmp
