#!/usr/bin/env bash
# Draws an image for every line of stdin and stops before the sum gets above a ceiling.
#
#   examples/batch.sh 0.50 images < prompts.txt
#
# Prints the path of each image. To try it for nothing: GPT_IMAGE_MCP_SANDBOX=true.
# GPT_IMAGE_MCP names the program where it is not on the PATH. Needs python3, to read JSON.
set -euo pipefail

program=${GPT_IMAGE_MCP:-gpt-image-mcp}
ceiling=${1:?the ceiling in US dollars}
folder=${2:?the folder for the images}
size=1024x1024
quality=low

# What an image may cost at most. `route` plans a call and sends nothing.
estimate() {
  local arguments
  arguments=$(python3 -c '
import json, sys
print(json.dumps(dict(zip(("prompt", "size", "quality"), sys.argv[1:]))))' "$1" "$size" "$quality")
  "$program" route generate_image "$arguments" | python3 -c '
import json, sys
estimate = json.load(sys.stdin)["estimate_usd"]
if estimate is None:
    sys.exit("the price of this model is not known")
print(estimate["high"] if isinstance(estimate, dict) else estimate)'
}

mkdir -p "$folder"
spent=0
while IFS= read -r prompt || [ -n "$prompt" ]; do
  [ -n "$prompt" ] || continue
  most=$(estimate "$prompt")
  left=$(awk "BEGIN { printf \"%.6f\", $ceiling - $spent }")
  if awk "BEGIN { exit !($most > $left) }"; then
    echo "stopped: the next image may cost \$$most, and of \$$ceiling \$$left is left" >&2
    exit 1
  fi
  # The server holds the call to what is left as well. A call that fails ends the batch; it says
  # whether it was charged. What was drawn before it stays.
  answer=$("$program" generate --json --size "$size" --quality "$quality" \
    --max-cost-usd "$left" --save-to "$folder/" -- "$prompt" </dev/null)
  # What it did cost, which is what counts from here on.
  { read -r cost && read -r path; } < <(python3 -c '
import json, sys
answer = json.loads(sys.argv[1])
print(answer["cost_usd"], answer["images"][0]["path"], sep="\n")' "$answer")
  spent=$(awk "BEGIN { printf \"%.6f\", $spent + $cost }")
  printf '%s\n' "$path"
done
echo "\$$spent of \$$ceiling spent" >&2
