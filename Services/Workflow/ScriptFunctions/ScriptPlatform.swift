import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What the functions of `gt` reach.
struct ScriptPlatform: Sendable {
    let directory: Directory
    let peers: Peers
    let clock: any WallClock
    let log: Log
    let raise: @Sendable (RaiseEvent, CallContext) async throws -> EventRaised
    let start: @Sendable (StartWorkflow, CallContext) async throws -> JSONBytes
    /// A request to another system, as `Effects.http` takes and answers it; only secrets that the
    /// owner's source names are put in.
    let http: @Sendable (JSONValue, ScriptOwner, CallContext) async throws -> JSONValue
}

/// Whose a piece of source is: which model its bare codes mean, and with whose rights it acts.
struct ScriptOwner: Sendable, Hashable {
    var model: String
    /// A script's code, or what else errors and logs call it.
    var name: String
    /// The account whose rights it has; nil is who caused it.
    var runAs: String?
    /// Of a script, with its blocks.
    var source = ""
}
