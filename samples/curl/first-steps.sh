#!/bin/sh
# From a refresh token to an answered survey, with curl alone. Needs a running server and what `chaupal init` printed:
#
#   APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... samples/curl/first-steps.sh
#
# The last steps receive a webhook on this machine; the server calls it where CHAUPAL_CALLBACK_ALLOW names 127.0.0.1.
set -eu
: "${APPLICATION_ID:?}" "${APPLICATION_SECRET:?}" "${REFRESH_TOKEN:?}"
API_ROOT=${API_ROOT:-http://127.0.0.1:8080}
CALLBACK_PORT=${CALLBACK_PORT:-8099}
CHAUPAL=${CHAUPAL:-.venv/bin/chaupal}

# Makes a call and keeps its answer. One that has an errorCode is a refusal, and says why.
call() {
  answer=$(curl --silent --show-error --max-time 60 --header 'Content-Type: application/json' "$@")
  case $answer in
    *'"errorCode"'*) echo "$answer" >&2; exit 1 ;;
  esac
}

# The text behind a name in the last answer.
value() {
  echo "$answer" | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"
}

# 1. An access token, and the address of all further calls, which ends in a slash.
call "$API_ROOT/v1/accessToken" --header "applicationId: $APPLICATION_ID" \
  --header "applicationSecret: $APPLICATION_SECRET" --header "refreshToken: $REFRESH_TOKEN"
endpoint=$(value endpointUrl)
token="accessToken: $(value accessToken)"

# 2. A group; whoever makes it is its admin.
call "${endpoint}v1/groups" --header "$token" \
  --data '{"name": "Shop floor", "welcomeMessage": "Namaste!", "members": ["+919876500001"]}'
group=$(value groupId)
echo "Made the group $group"

# 3. A message to all of its members.
call "${endpoint}v1/groups/$group/messages" --header "$token" --data '{"message": "The shop opens at nine."}'
echo "Sent the message $(value referenceId)"

# 4. A survey, open for two days.
call "${endpoint}v1/groups/$group/actions" --header "$token" --data '{
  "actionType": "Survey",
  "actionBody": {
    "title": "How was the day?",
    "dueDate": 48,
    "questions": [
      {"title": "Sales", "type": "SingleOption", "options": [{"title": "Good"}, {"title": "Poor"}]},
      {"title": "Customers", "type": "Numeric"}
    ]
  }
}'
survey=$(value actionId)
echo "Posted the survey $survey"

# 5. A receiver, which prints what it is sent, and a webhook that leads to it. The server calls it once, as a proof.
folder=$(mktemp -d)
listener=
trap 'test -z "$listener" || kill "$listener"; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
mkfifo "$folder/printed"
"$CHAUPAL" webhook listen --port "$CALLBACK_PORT" >"$folder/printed" &
listener=$!
exec 3<"$folder/printed"
read -r line <&3
echo "$line"
call "${endpoint}v1/webhook" --header "$token" --data '{
  "objectId": "'"$survey"'",
  "objectType": "Action",
  "eventTypes": ["SurveyResponse"],
  "callBackUrl": "http://127.0.0.1:'"$CALLBACK_PORT"'/",
  "callBackToken": "open-sesame"
}'
webhook=$(value webhookId)
echo "Registered the webhook $webhook"

# 6. An answer to the survey, in the order of its questions; whoever is in the group may give one.
call "${endpoint}v1/groups/$group/actions/$survey/responses" --header "$token" \
  --data '{"actionType": "Survey", "actionBody": {"answers": ["Good", 42]}}'
has_come=
while read -r line; do
  echo "$line"
  case $line in
    SurveyResponse*) has_come=yes ;;
    '') test -z "$has_come" || break ;;
  esac
done <&3

# 7. The webhook is not needed any more.
call --request DELETE "${endpoint}v1/webhook/$webhook" --header "$token"
echo "Done"
