// Loaded by name, in the worker and in the sandbox of workflow code: messages and stacks of failures become payloads, which a codec seals.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
