#!/bin/sh
# Answers one request with what was asked and by whom, so that one can see what forward-auth does.
read -r method path _ || exit 0
echo "reached: $method $path" >&2

length=0
while read -r header && header=${header%?} && [ -n "$header" ]; do
    value=${header#*: }
    case $(echo "${header%%:*}" | tr '[:upper:]_' '[:lower:]-') in
    content-length) length=$value ;;
    cookie) cookie=$value ;;
    authorization) authorization=$value ;;
    x-auth-request-*) said="$said$header
" ;;
    esac
done
head -c "$length" >/dev/null

if [ "$ASK" = yes ]; then
    # The ingress says nothing that could be believed: what came from it is shown, and not used.
    caller=$(wget -q -O - --header "Cookie: $cookie" ${authorization:+--header "Authorization: $authorization"} \
        http://portcullis-internal.portcullis.svc:9000/v1/whoami 2>/dev/null | sed 's/.*"user":{"id":"\([^"]*\)".*/\1/')
else
    caller=$(echo "$said" | sed -n 's/^[Xx]-[Aa]uth-[Rr]equest-[Uu]ser: //p')
fi

body="$method $path
caller: ${caller:-nobody}
$said"
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "${#body}" "$body"
