#!/bin/sh
# Static files of both rooms into FOLDER/open and FOLDER/closed. Settings insist on values that this step never uses;
# the words below are no secrets and stay in this process.
set -eu
for room in open closed; do
  PVTRACKER_ROOM=$room PVTRACKER_STATIC=$1/$room \
    PVTRACKER_SECRET_KEY=unused PVTRACKER_DATABASE_URL=postgresql://unused/unused PVTRACKER_BROKER_URL=memory:// \
    PVTRACKER_STORAGE=/nonexistent PVTRACKER_OPEN_STORAGE=/nonexistent PVTRACKER_STORAGE_KEY=dW51c2Vk \
    python manage.py collectstatic --no-input --verbosity 0
done
