#!/bin/sh
# Starts every service without any settings. It loads all of its code, then says which settings are missing and ends: anything
# else, such as a module that is not there, fails.
set -eu
for service in services/*; do
  said=$(node --disable-warning=ExperimentalWarning --max-semi-space-size=8 "$service/src/main.ts" 2>&1 || true)
  case $said in
    *"could not start: the environment is not usable"*) echo "$service loads" ;;
    *)
      echo "$service does not load: $said" >&2
      exit 1
      ;;
  esac
done
