/// What roles may carry beyond class data.
enum Permissions {
    static let mailRead = "mail:read"
    static let mailSend = "mail:send"
    static let workflowOperate = "workflow:operate"
    static let batchOperate = "batch:operate"
    static let modelsWrite = "models:write"
    static let accountsWrite = "accounts:write"
    static let operationsRead = "operations:read"

    /// All of them, in the order in which they are shown.
    static let all = [
        mailRead, mailSend, workflowOperate, batchOperate, modelsWrite, accountsWrite,
        operationsRead,
    ]
}
