#!/bin/sh
# Creates the namespace in TEMPORAL_NAMESPACE and the search attributes of runs unless they are there. Histories of closed runs stay
# for 30 days; what the runs collected stays in PredictLab's own database.
set -eu

attempt=1
until temporal operator cluster health; do
  [ "$attempt" -lt 20 ] || { echo "Temporal at $TEMPORAL_ADDRESS is not healthy after $attempt attempts" >&2; exit 1; }
  attempt=$((attempt + 1))
  sleep 3
done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# a new namespace takes some seconds until attributes can be added
attempt=1
until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name PredictLabVerdict --type Keyword --name PredictLabSymbol --type KeywordList; do
  [ "$attempt" -lt 20 ] || { echo "the search attributes could not be registered after $attempt attempts" >&2; exit 1; }
  attempt=$((attempt + 1))
  sleep 3
done
