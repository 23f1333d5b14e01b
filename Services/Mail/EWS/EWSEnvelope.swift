import XML

/// A folder in a request.
enum EWSFolder: Sendable, Hashable {
    /// A well-known one; `mailbox` is whose, where it is not the user's own.
    case known(String, mailbox: String?)
    case id(String)

    /// The well-known ones that hold mail, as the protocol spells them.
    static let names: Set<String> = [
        "inbox", "drafts", "sentitems", "deleteditems", "junkemail", "outbox", "msgfolderroot",
        "archive", "archiveinbox", "archivemsgfolderroot", "archivedeleteditems",
    ]

    /// The first folder of an answer's list.
    init?(_ list: XMLElement) {
        guard let id = list.children.first?.child("FolderId")?[attribute: "Id"] else { return nil }
        self = .id(id)
    }

    var xml: String {
        switch self {
        case .id(let id): return "<t:FolderId Id=\"\(XMLText.escaped(id))\"/>"
        case .known(let name, let mailbox):
            guard let mailbox else { return "<t:DistinguishedFolderId Id=\"\(name)\"/>" }
            return "<t:DistinguishedFolderId Id=\"\(name)\"><t:Mailbox><t:EmailAddress>"
                + XMLText.escaped(mailbox)
                + "</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
        }
    }
}

/// The requests of Exchange Web Services that a mailbox needs.
struct EWSEnvelope: Sendable {
    /// `SyncFolderItems`.
    let operation: String
    private let body: String

    static let messages = "http://schemas.microsoft.com/exchange/services/2006/messages"
    static let types = "http://schemas.microsoft.com/exchange/services/2006/types"
    static let soap = "http://schemas.xmlsoap.org/soap/envelope/"
    /// What every server from 2013 on speaks.
    private static let version = "Exchange2013_SP1"

    private init(_ operation: String, attributes: String = "", _ body: String) {
        self.operation = operation
        self.body = "<m:\(operation)\(attributes)>\(body)</m:\(operation)>"
    }

    var bytes: [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <s:Envelope xmlns:s="\(EWSEnvelope.soap)" xmlns:m="\(EWSEnvelope.messages)" \
            xmlns:t="\(EWSEnvelope.types)"><s:Header>\
            <t:RequestServerVersion Version="\(EWSEnvelope.version)"/></s:Header>\
            <s:Body>\(body)</s:Body></s:Envelope>
            """.utf8)
    }

    static func syncFolderItems(_ folder: EWSFolder, state: String?, limit: Int) -> EWSEnvelope {
        let state = state.map { "<m:SyncState>\(XMLText.escaped($0))</m:SyncState>" } ?? ""
        return EWSEnvelope(
            "SyncFolderItems",
            "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
                + "<t:FieldURI FieldURI=\"item:Size\"/></t:AdditionalProperties></m:ItemShape>"
                + "<m:SyncFolderId>\(folder.xml)</m:SyncFolderId>\(state)"
                + "<m:MaxChangesReturned>\(limit)</m:MaxChangesReturned>")
    }

    static func getItem(_ ids: [String], withMIME: Bool) -> EWSEnvelope {
        let more =
            withMIME
            ? "<t:IncludeMimeContent>true</t:IncludeMimeContent><t:AdditionalProperties>"
                + "<t:FieldURI FieldURI=\"item:DateTimeReceived\"/></t:AdditionalProperties>" : ""
        return EWSEnvelope(
            "GetItem",
            "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>\(more)</m:ItemShape>" + list(ids))
    }

    private static func list(_ ids: [String]) -> String {
        "<m:ItemIds>" + ids.map { "<t:ItemId Id=\"\(XMLText.escaped($0))\"/>" }.joined()
            + "</m:ItemIds>"
    }

    /// Nobody is told that it was read.
    static func markRead(_ items: [(id: String, change: String)]) -> EWSEnvelope {
        let changes = items.map { item in
            "<t:ItemChange><t:ItemId Id=\"\(XMLText.escaped(item.id))\""
                + " ChangeKey=\"\(XMLText.escaped(item.change))\"/><t:Updates><t:SetItemField>"
                + "<t:FieldURI FieldURI=\"message:IsRead\"/><t:Message><t:IsRead>true</t:IsRead>"
                + "</t:Message></t:SetItemField></t:Updates></t:ItemChange>"
        }
        return EWSEnvelope(
            "UpdateItem",
            attributes: " MessageDisposition=\"SaveOnly\" ConflictResolution=\"AutoResolve\""
                + " SuppressReadReceipts=\"true\"",
            "<m:ItemChanges>\(changes.joined())</m:ItemChanges>")
    }

    static func move(_ ids: [String], to folder: EWSFolder) -> EWSEnvelope {
        EWSEnvelope("MoveItem", "<m:ToFolderId>\(folder.xml)</m:ToFolderId>" + list(ids))
    }

    static func findFolder(_ name: String, in parent: EWSFolder) -> EWSEnvelope {
        EWSEnvelope(
            "FindFolder", attributes: " Traversal=\"Shallow\"",
            "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:Restriction>"
                + "<t:IsEqualTo><t:FieldURI FieldURI=\"folder:DisplayName\"/>"
                + "<t:FieldURIOrConstant><t:Constant Value=\"\(XMLText.escaped(name))\"/>"
                + "</t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>"
                + "<m:ParentFolderIds>\(parent.xml)</m:ParentFolderIds>")
    }

    static func createFolder(_ name: String, in parent: EWSFolder) -> EWSEnvelope {
        EWSEnvelope(
            "CreateFolder",
            "<m:ParentFolderId>\(parent.xml)</m:ParentFolderId><m:Folders><t:Folder>"
                + "<t:DisplayName>\(XMLText.escaped(name))</t:DisplayName></t:Folder></m:Folders>")
    }
}
