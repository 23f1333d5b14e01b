import RPC

extension CallContext {
    /// One of these permissions, or 403 that names the first.
    func need(_ permissions: String...) throws {
        guard permissions.contains(where: holds) else {
            throw WorkflowError.permissionNeeded(permissions.first ?? "")
        }
    }

    func holds(_ permission: String) -> Bool {
        principal.isSystem || principal.permissions.contains(permission)
    }
}
