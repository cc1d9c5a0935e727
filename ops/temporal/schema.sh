#!/bin/sh
# Creates Temporal's two databases and brings their tables up to date; changes nothing when they are. The connection comes
# from SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN.
set -eu

versions=/etc/temporal/schema/postgresql/v12

prepare() {
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "$versions/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
