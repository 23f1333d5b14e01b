/// Every problem code that a caller can meet, with what happened and what to do: the pages
/// `/problems/<code>`.
struct ProblemKind: Sendable {
    let code: String
    let status: Int
    let title: String
    let meaning: String
    let remedy: String

    init(_ code: String, _ status: Int, _ title: String, _ meaning: String, _ remedy: String) {
        self.code = code
        self.status = status
        self.title = title
        self.meaning = meaning
        self.remedy = remedy
    }

    static let all = requests + callers + content + conflicts + limits + work + faults

    static func find(_ code: String) -> ProblemKind? { all.first { $0.code == code } }

    private static let requests = [
        ProblemKind(
            "bad-request", 400, "The request cannot be understood",
            "The request line, a header or the body breaks the rules of HTTP.",
            "Send it through a common HTTP client; the detail says which rule."),
        ProblemKind(
            "incomplete-body", 400, "The body broke off",
            "The connection ended before the whole body was there; nothing was done.",
            "Send it again."),
        ProblemKind(
            "malformed-json", 400, "The body is not JSON",
            "The body is not one JSON value in UTF-8 and nothing else.",
            "Mend it at the line and column that the detail names."),
        ProblemKind(
            "invalid-parameter", 400, "A parameter cannot be read",
            "A value of the query or a header is unknown, came twice, or is not of its type.",
            "The detail names the parameter and what it takes; /openapi.json lists them all."),
        ProblemKind(
            "invalid-filter", 400, "The filter cannot be read",
            "filter or orderby does not parse, or names what is not there or not yours to read.",
            "The detail shows where. The syntax is that of OData 4.01: status eq 'open'."),
        ProblemKind(
            "invalid-cursor", 400, "The cursor cannot be read",
            "The cursor is not one that a list answered, or it belongs to another list.",
            "Begin again without a cursor, and pass each next as it came."),
    ]

    private static let callers = [
        ProblemKind(
            "unauthenticated", 401, "Nobody is logged in",
            "The request has no credential, or one that is not known or has ended.",
            "Log in (POST /api/sessions) and send the token as Authorization: Bearer."),
        ProblemKind(
            "invalid-credentials", 401, "The log-in is not right",
            "Account and password do not belong together, or the account may not log in.",
            "Try again; an administrator can set a new password or unlock the account."),
        ProblemKind(
            "forbidden", 403, "It is not yours to do",
            "The account is known, but lacks a permission, a grant or a scope.",
            "Ask an administrator for the role that the detail speaks of."),
        ProblemKind(
            "web-access-off", 403, "This instance is closed to the outside",
            "The operator has closed class data to every outside door of this instance.",
            "Ask the operator, who has the setting GATEWAY_WEB_ACCESS."),
        ProblemKind(
            "password-change-required", 403, "The password must be changed first",
            "An administrator, or the password's age, demands another one before anything else.",
            "Change it with POST /api/password or on the page /password."),
        ProblemKind(
            "csrf-token-invalid", 403, "The form is not of this session",
            "A change came by cookie without the token that the session's own forms carry.",
            "Open the page again and send the form from there. Programs use a bearer token."),
        ProblemKind(
            "not-found", 404, "It is not there",
            "Nothing has this address, or nothing that the caller may know of.",
            "Look for a mistake in the path, or ask for the right to read it."),
        ProblemKind(
            "method-not-allowed", 405, "The address does not take this method",
            "The address exists, but not with this method.",
            "The header Allow lists what it takes."),
    ]

    private static let content = [
        ProblemKind(
            "no-such-range", 416, "The file has no such bytes",
            "Range asks for bytes after the end of the file.",
            "The member length says how many there are; ask for others, or for the whole."),
        ProblemKind(
            "unsupported-media-type", 415, "The body is of a type that is not taken",
            "The Content-Type is missing or not one that this address reads.",
            "Send application/json, unless /openapi.json says otherwise."),
        ProblemKind(
            "query-failed", 422, "The query cannot be computed",
            "A value overflowed, a text was no JSON, or a number had more digits than fit.",
            "Give other values, or have the query mended in its model."),
        ProblemKind(
            "validation-failed", 422, "Some values are not valid",
            "The request was understood, but values break the rules of the definition.",
            "errors lists every fault with a pointer to the value and what it should be."),
        ProblemKind(
            "step-failed", 422, "A step of a workflow failed",
            "A step could not be done as its definition says.",
            "The incident names the step and the reason; mend it and retry."),
        ProblemKind(
            "unknown-secret", 422, "A secret is missing",
            "A definition names a secret that nobody has put here.",
            "Put it with PUT /api/secrets/{name}; then try again."),
        ProblemKind(
            "secret-sealed", 422, "A secret cannot be opened",
            "The secret was sealed with a key that the platform does not have now.",
            "Give the key of before in RECORDS_SECRET_KEY after the new one, or put it again."),
        ProblemKind(
            "http-refused", 422, "Another system refused a call",
            "The address may not be called, or what answered will answer the same again.",
            "The detail says which; mend the definition, or have the operator open the network."),
        ProblemKind(
            "command-refused", 422, "A program cannot be started",
            "The operator's list does not have it, or others than the operator may change it.",
            "Put it on WORKFLOW_COMMANDS by an absolute path that only its owner may write."),
        ProblemKind(
            "command-failed", 422, "A program failed",
            "It ended with a code that is no success, ran too long or wrote too much.",
            "The detail has the code and its last words; mend it and retry."),
        ProblemKind(
            "script-failed", 422, "A script threw an error",
            "A script or expression of the model ended with an error.",
            "The problem names the script, the line and the message; mend it in the model."),
        ProblemKind(
            "rule-refused", 422, "A rule refuses this",
            "A rule of the model requires something that the change does not keep. Nothing was "
                + "written.",
            "The detail says what the rule wants; the member rule names it."),
        ProblemKind(
            "script-killed", 422, "A script was stopped",
            "A script ran longer or took more memory than its limit.",
            "The problem names the limit; make the script smaller or raise the limit."),
    ]

    private static let conflicts = [
        ProblemKind(
            "conflict", 409, "It does not fit what stands",
            "The change contradicts the present state: a unique value that exists, a busy object.",
            "The detail says what stands in the way."),
        ProblemKind(
            "idempotency-key-reused", 409, "The key was used for something else",
            "This Idempotency-Key came before with another request.",
            "Use a new key for each request; repeat a key only with the same body."),
        ProblemKind(
            "plan-moved", 409, "The data moved since the plan",
            "What the plan of an import says is not what would be now; nothing of it was written.",
            "errors names what moved; make a new plan of the file."),
        ProblemKind(
            "too-many-missing", 422, "Too many records are missing",
            "A file lacks more of the records than its import allows; none of them was touched.",
            "Look whether the file is whole; if so, raise limit of missing in the definition."),
        ProblemKind(
            "rows-rejected", 422, "Rows were rejected",
            "Rejected rows may be about records that the file lacks, so that none was touched.",
            "Mend the rows of /api/runs/{run}/errors and import the whole file again."),
        ProblemKind(
            "idempotency-key-in-use", 409, "The same request is under way",
            "A request with this Idempotency-Key has begun and has not ended.",
            "Wait as many seconds as Retry-After says, and send it again."),
        ProblemKind(
            "outcome-unknown", 409, "Nobody knows whether it was done",
            "A request with this Idempotency-Key was begun, and the service ended before it did.",
            "Look whether it was done; if it was not, send it again with a new key."),
        ProblemKind(
            "destructive-change", 409, "It would destroy data",
            "The model document removes classes or columns that hold data.",
            "Look at what goes, and send it again with ?allow=destructive."),
        ProblemKind(
            "version-mismatch", 412, "It changed meanwhile",
            "The version named by If-Match is not the one that stands.",
            "Read it again, look at what changed, and send the change with the new ETag."),
        ProblemKind(
            "count-mismatch", 412, "There are more or fewer records than expected",
            "The filter names another number of records than expect says; nothing was done.",
            "Look at the list by the same filter, with count=true, and send its count."),
        ProblemKind(
            "precondition-required", 428, "The version is needed",
            "A change must say which version it saw, so that it overwrites nobody's work.",
            "Send If-Match with the ETag that came with the object."),
    ]

    private static let limits = [
        ProblemKind(
            "payload-too-large", 413, "The body is too large",
            "The body is larger than this address takes.",
            "The problem names the limit in bytes; send less at once."),
        ProblemKind(
            "target-too-long", 414, "The address is too long",
            "The path and query together are longer than the limit.",
            "Shorten the filter, or send fewer parameters."),
        ProblemKind(
            "expectation-failed", 417, "The expectation cannot be met",
            "The header Expect asks for something other than 100-continue.",
            "Leave the header out."),
        ProblemKind(
            "too-many-requests", 429, "Too many requests",
            "A limit on how often something may be tried is reached.",
            "Wait as many seconds as Retry-After says."),
        ProblemKind(
            "headers-too-large", 431, "The headers are too large",
            "The head of the request is larger, or has more fields, than the limit.",
            "Send fewer or shorter headers; often a cookie is to blame."),
    ]

    private static let work = [
        ProblemKind(
            "http-failed", 502, "Another system cannot be called",
            "It did not answer, or said that it cannot do it now.",
            "It is tried as often as the definition says; then a person retries the incident."),
        ProblemKind(
            "dead-letter", 500, "Something is not tried any more",
            "An item of a queue failed so often by an error of ours that it rests.",
            "Read the log, mend what it says, and retry the incident; skip takes it out."),
        ProblemKind(
            "mail-undelivered", 502, "A mail was not delivered",
            "A server refused it for good, or for longer than mails are tried.",
            "Read the server's words; retry the incident to send it again, or close it."),
        ProblemKind(
            "mail-uncertain", 502, "Nobody knows whether a mail was sent",
            "The connection was lost before the server said that it has the mail.",
            "Ask the recipient; retry the incident to send it again, or close it."),
        ProblemKind(
            "file-not-imported", 422, "A file was not imported",
            "A run that takes files of a source makes a run of each; one of these did not succeed.",
            "Look at that run, mend what it says, and start the import again."),
        ProblemKind(
            "source-unreadable", 422, "The source cannot be read",
            "The folder or machine that an import takes its files from did not let us.",
            "Mend what the detail says, and start the import again; nothing was taken."),
        ProblemKind(
            "integrations-off", 503, "Integrations are switched off",
            "INTEGRATIONS=off holds calls to other systems; nothing is lost, and they wait.",
            "Switch it on, or mark the call with \"integration\": false."),
        ProblemKind(
            "scripts-busy", 503, "All scripts are at work",
            "More scripts are waiting than may run at once.",
            "Wait as many seconds as Retry-After says, and try again."),
        ProblemKind(
            "expired", 410, "It is over",
            "What the link was for has ended.",
            "Ask whoever sent it for a new one."),
        ProblemKind(
            "loop", 422, "A loop was stopped",
            "Rules and workflows caused each other more often than the limit allows.",
            "The incident shows the whole cycle; break it in the model."),
    ]

    private static let faults = [
        ProblemKind(
            "request-timeout", 408, "The request took too long",
            "The request did not arrive within the time that is given for it.",
            "Send it again over a better connection, or in smaller pieces."),
        ProblemKind(
            "internal-error", 500, "Something went wrong on our side",
            "An error that nobody foresaw. Its cause is in the log under the requestId.",
            "Try again; if it stays, tell the operator the requestId."),
        ProblemKind(
            "malformed-call", 400, "A call between services is not right",
            "One service sent another a call that it cannot read.",
            "The services may be of different versions; tell the operator the requestId."),
        ProblemKind(
            "version-not-supported", 505, "The version of HTTP is not known",
            "The request is not HTTP/1.1 or HTTP/1.0.",
            "Send it through a common HTTP client."),
        ProblemKind(
            "not-implemented", 501, "The server does not do this",
            "The request uses a method or a transfer coding that the server does not know.",
            "Use GET, POST, PUT, PATCH or DELETE with a plain or chunked body."),
        ProblemKind(
            "unavailable", 503, "It is not available now",
            "Too much is waiting, or the service is starting or stopping.",
            "Wait as many seconds as Retry-After says, and try again."),
        ProblemKind(
            "directory-behind", 503, "A change of accounts or organization is on its way",
            "The records service does not have the latest change of accounts and units yet, and "
                + "answers nobody by older rights.",
            "Try again in a second."),
        ProblemKind(
            "peer-unavailable", 503, "A service does not answer",
            "The service that owns this does not answer. What was queued waits and goes on.",
            "Wait as many seconds as Retry-After says, and try again."),
        ProblemKind(
            "too-many-connections", 503, "Too many connections",
            "The server has as many connections as it takes.",
            "Close those that idle, and try again in a moment."),
        ProblemKind(
            "unreadable-mail", 422, "This is no mail",
            "A mailbox got bytes without any of the header fields that every mail has.",
            "Look at the bytes at the mailbox; there is nothing to replay."),
        ProblemKind(
            "duplicate-mail", 409, "The same mail was received before",
            "A mail with the same bytes and Message-ID stands in the mailbox already.",
            "Nothing needs to be done: the first one has the record."),
        ProblemKind(
            "automatic-mail", 409, "A machine wrote this mail",
            "The mailbox is defined to skip automatic mail.",
            "Replay the mail to make a record of it, or let the mailbox store automatic mail."),
        ProblemKind(
            "mail-not-given", 502, "The mail server cannot give this mail",
            "The server lists the mail and answers that it cannot make it into bytes.",
            "Look at it with a mail program; the problem's detail has the server's words."),
        ProblemKind(
            "source-away", 503, "The other database is away",
            "A synchronization cannot reach its source for now; what it did stands.",
            "Bring the source back: the run goes on by itself. Or cancel it."),
        ProblemKind(
            "target-away", 503, "The target of an export is away",
            "The run has its file, and the folder, machine or server that it goes to is away.",
            "Bring the target back: the run goes on by itself. Or cancel it."),
        ProblemKind(
            "target-refused", 422, "The target of an export does not take the file",
            "The run has its file, and what it goes to refuses it.",
            "Mend what the detail says, in the definition or at the target, and export again."
        ),
        ProblemKind(
            "source-unusable", 422, "The other database cannot be used",
            "The source of a synchronization is not there, is damaged, or refuses to be read.",
            "The problem's detail has the database's words; mend the source or the definition."),
        ProblemKind(
            "schema-drift", 422, "The tables do not fit the definition",
            "A table or column that a synchronization names is gone, or its type cannot be used.",
            "Change the definition, or bring back what it names; the errors have each of them."),
        ProblemKind(
            "not-verified", 409, "The sides are not the same",
            "A synchronization could not prove that both sides are the same in the end.",
            "Its errors have the rows that were refused; mend these and run it again."),
        ProblemKind(
            "too-many-deletions", 409, "Too much would be deleted",
            "One side has lost more rows than a run may delete on the other.",
            "Look whether the source is whole. If it is, raise deleteLimit in the definition."),
        ProblemKind(
            "repeated-key", 422, "A key stands for several rows",
            "The source has several rows with the same key, so that none of them is meant.",
            "Synchronize by a column that is unique."),
        ProblemKind(
            "peer-failed", 502, "A service answered something else",
            "The service that owns this answered what the caller did not expect.",
            "Try again; if it stays, tell the operator the requestId."),
        ProblemKind(
            "peer-misbehaved", 502, "A service gave a strange answer",
            "The service that owns this answered in a way that nobody understands.",
            "Try again; if it stays, the services may be of different versions."),
        ProblemKind(
            "peer-timeout", 504, "A service did not answer in time",
            "The service that owns this was reached but gave no answer; it may have been done.",
            "Look before you try again, or use an Idempotency-Key."),
        ProblemKind(
            "deadline-exceeded", 504, "It took too long",
            "A service did not answer within the time that the request had.",
            "Try again; for large work use an import or an export."),
        ProblemKind(
            "too-slow", 503, "It took too long",
            "The list or query ran into its limit of time; nothing was changed.",
            "Narrow the filter, order by an indexed column, leave out the count; or have an index "
                + "declared."),
        ProblemKind(
            "file-damaged", 500, "The stored file is not whole",
            "The bytes of a file on the disk are not those that were put, or are not there.",
            "The operator must restore them from a backup, or the file must be put again."),
        ProblemKind(
            "insufficient-storage", 507, "There is no room left",
            "The disk that holds the data is full; nothing was saved.",
            "The operator must make room; then try again."),
    ]
}
