#!/bin/sh
# Run by PostgreSQL's image when its volume is new: a role and a database for each service, none of
# which sees another's.
set -eu
for service in gateway records mail workflow batch; do
    # Each has a password of its own, in the address that the service is given.
    password=$(sed 's|^[^:]*://[^:]*:\([^@]*\)@.*|\1|' "/run/secrets/${service}_database")
    psql -v ON_ERROR_STOP=1 -v password="$password" -U postgres <<SQL
create role $service login password :'password';
create database $service owner $service encoding 'UTF8' template template0;
revoke connect on database $service from public;
SQL
done
