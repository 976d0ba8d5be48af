-- wrk's script: one request, given after "--" as METHOD PATH BODY HEADER...; prints its result as one line of JSON.
-- A path that holds {unique} is made anew for every request, which costs wrk more time than a fixed one.

local function make_unique(path)
  local before, after = path:match("^(.-){unique}(.*)$")
  math.randomseed(os.time())
  local mark = string.format("%d-%d-", os.time(), math.random(1000000))
  local count = 0
  return function()
    count = count + 1
    return wrk.format(nil, before .. mark .. count .. after)
  end
end

function init(args)
  wrk.method = args[1]
  wrk.path = args[2]
  if args[3] ~= "" then wrk.body = args[3] end
  for index = 4, #args do
    local name, value = args[index]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  if wrk.path:find("{unique}", 1, true) then
    -- A global named `request` is what wrk looks for; without it the request is formatted once.
    request = make_unique(wrk.path)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"duration_s":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
