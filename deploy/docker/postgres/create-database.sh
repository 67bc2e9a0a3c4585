#!/bin/sh
# Runs once, on an empty data folder: the database `weft`, its owner, who is no superuser, and the extensions, which only a
# superuser may create.
set -eu
: "${WEFT_POSTGRES_PASSWORD:?the password of the role weft}"
psql -v ON_ERROR_STOP=1 -v password="$WEFT_POSTGRES_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role weft login password :'password';
create database weft owner weft;
SQL
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname weft <<'SQL'
create extension vector;
create extension pg_textsearch;
SQL
