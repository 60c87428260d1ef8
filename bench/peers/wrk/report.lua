-- Prints what a run of wrk amounts to as one line of JSON, so that nothing is read back from rounded text.
done = function(summary, latency, requests)
    io.write(string.format(
        '{"requests":%d,"micros":%d,"bytes":%d,"p50":%.1f,"p99":%.1f,' ..
        '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status, summary.errors.timeout))
end
