// The classes of a connector's errors.
function named(constructor, name) {
    define(constructor.prototype, 'name', name);
    return constructor;
}

class ConnectorError extends Error {
    constructor(message, options) {
        super(message, isObject(options) && 'cause' in options ? {cause: options.cause} : undefined);
        if (isObject(options) && options.code !== undefined) define(this, 'code', options.code);
    }
}
class ConnectorAuthError extends ConnectorError {}
class ConnectorRateLimitError extends ConnectorError {
    constructor(message, options) {
        super(message, options);
        if (isObject(options) && options.retryAfter !== undefined) define(this, 'retryAfter', options.retryAfter);
    }
}
class ConnectorConnectionError extends ConnectorError {}
class FetchError extends TypeError {}

named(FetchError, 'FetchError');
expose('ConnectorError', named(ConnectorError, 'ConnectorError'));
expose('ConnectorAuthError', named(ConnectorAuthError, 'ConnectorAuthError'));
expose('ConnectorRateLimitError', named(ConnectorRateLimitError, 'ConnectorRateLimitError'));
expose('ConnectorConnectionError', named(ConnectorConnectionError, 'ConnectorConnectionError'));
