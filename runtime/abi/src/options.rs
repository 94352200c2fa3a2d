//! OPTIONS of a connector type and of an instance.

use crate::host::HostName;

/// The keys, with what they do.
pub const OPTIONS: &[HostName] = &[
    HostName {
        name: "rate_limit",
        documentation: "Requests per second, or a text such as `'30/m'` (`s`, `m`, `h`, `d`); shared by all handlers of the \
                        instance. No limit without it.",
    },
    HostName {
        name: "rate_limit_burst",
        documentation: "How many requests may go out at once after a pause; 1 unless given.",
    },
    HostName { name: "timeout_seconds", documentation: "How long one exchange may take; 30 unless given." },
    HostName {
        name: "retry_count",
        documentation: "How often a request is sent again after 429, 502, 503, 504 or a failed connection; 3 unless given.",
    },
    HostName {
        name: "max_wait_seconds",
        documentation: "How long one wait for a rate limit may be; 120 unless given. A longer one is a `ConnectorRateLimitError`.",
    },
    HostName {
        name: "cache_ttl",
        documentation: "For how many seconds the result of a call is used again for the same arguments; not at all unless given.",
    },
    HostName {
        name: "batch_size",
        documentation: "How many rows to ask for in one request: handlers get it as `options.batchSize`.",
    },
    HostName {
        name: "max_memory_mb",
        documentation: "How much memory the instance's JavaScript may use; 256 unless given. A response may have half of it.",
    },
    HostName {
        name: "max_run_seconds",
        documentation: "How long JavaScript may run without waiting for anything; 30 unless given.",
    },
    HostName {
        name: "on_type_error",
        documentation: "`'null'`: what does not fit a field becomes NULL. `'error'`, unless given: it fails the query.",
    },
];

/// The keys alone.
pub const OPTION_KEYS: &[&str] = &{
    let mut keys = [""; OPTIONS.len()];
    let mut index = 0;
    while index < keys.len() {
        keys[index] = OPTIONS[index].name;
        index += 1;
    }
    keys
};
