// Contracts of `protocol/` are shared with services that run on Node; only their types come here.
/// <reference types="node" />
