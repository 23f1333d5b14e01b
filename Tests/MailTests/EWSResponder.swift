import Crypto
import TestSupport
import XML

@testable import Mail

/// Answers one request.
struct EWSResponder {
    struct Response {
        var status = 200
        var body: [UInt8]
        var breaks = false
    }

    private let shared: EWSServer.Shared

    init(_ shared: EWSServer.Shared) { self.shared = shared }

    func answer(_ request: [UInt8]) -> Response {
        guard let document = try? XMLElement(parsing: request),
            let operation = document.child("Body")?.children.first,
            operation.name.namespace == EWSEnvelope.messages
        else { return Response(status: 400, body: []) }
        return shared.withLock { state in
            state.operations.append(operation.name.local)
            if let garbage = state.faults.garbage {
                return Response(body: Array(garbage.utf8))
            }
            if state.faults.busy > 0 {
                state.faults.busy -= 1
                return Response(status: 500, body: EWSResponder.busy(state.faults.backOff))
            }
            if state.faults.unavailable > 0 {
                state.faults.unavailable -= 1
                return Response(status: 503, body: [])
            }
            let body = EWSResponder.envelope(EWSResponder.run(operation, &state))
            guard state.faults.breaks > 0 else { return Response(body: body) }
            state.faults.breaks -= 1
            return Response(body: body, breaks: true)
        }
    }

    static func envelope(_ body: String) -> [UInt8] {
        Array(
            """
            <?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="\(EWSEnvelope.soap)">\
            <s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="2" \
            MajorBuildNumber="1258" MinorBuildNumber="12" Version="V2017_07_11" \
            xmlns:h="\(EWSEnvelope.types)"/></s:Header><s:Body xmlns:m="\(EWSEnvelope.messages)" \
            xmlns:t="\(EWSEnvelope.types)">\(body)</s:Body></s:Envelope>
            """.utf8)
    }

    private static func busy(_ backOff: Int?) -> [UInt8] {
        let errors = "http://schemas.microsoft.com/exchange/services/2006/errors"
        let value = backOff.map {
            "<t:MessageXml><t:Value Name=\"BackOffMilliseconds\">\($0)</t:Value></t:MessageXml>"
        }
        let words = "The server cannot service this request right now. Try again later."
        return envelope(
            """
            <s:Fault><faultcode xmlns:a="\(EWSEnvelope.types)">a:ErrorServerBusy</faultcode>\
            <faultstring xml:lang="en-US">\(words)</faultstring><detail>\
            <e:ResponseCode xmlns:e="\(errors)">ErrorServerBusy</e:ResponseCode>\
            <e:Message xmlns:e="\(errors)">\(words)</e:Message>\(value ?? "")</detail></s:Fault>
            """)
    }

    private enum Part {
        case done(String)
        case failed(String)
    }

    private static func run(_ operation: XMLElement, _ state: inout EWSServer.State) -> String {
        let parts: [Part] =
            switch operation.name.local {
            case "GetFolder": getFolder(operation, state)
            case "FindFolder": [findFolder(operation, state)]
            case "CreateFolder": [createFolder(operation, &state)]
            case "SyncFolderItems": [sync(operation, &state)]
            case "FindItem": [findItem(operation, state)]
            case "GetItem": getItem(operation, &state)
            case "UpdateItem": update(operation, &state)
            case "MoveItem": move(operation, &state)
            default: [.failed("ErrorInvalidOperation")]
            }
        let name = operation.name.local
        let messages = parts.map { part in
            switch part {
            case .done(let content):
                "<m:\(name)ResponseMessage ResponseClass=\"Success\">"
                    + "<m:ResponseCode>NoError</m:ResponseCode>\(content)"
                    + "</m:\(name)ResponseMessage>"
            case .failed(let code):
                "<m:\(name)ResponseMessage ResponseClass=\"Error\">"
                    + "<m:MessageText>It does not work.</m:MessageText>"
                    + "<m:ResponseCode>\(code)</m:ResponseCode>"
                    + "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
                    + "</m:\(name)ResponseMessage>"
            }
        }
        return "<m:\(name)Response><m:ResponseMessages>\(messages.joined())"
            + "</m:ResponseMessages></m:\(name)Response>"
    }

    // MARK: Folders

    private static func folders(
        _ element: XMLElement?, _ state: EWSServer.State
    ) -> [EWSServer.Folder?] {
        (element?.children ?? []).map { child in state.folders[child[attribute: "Id"] ?? ""] }
    }

    private static func xml(_ folder: EWSServer.Folder, _ state: EWSServer.State) -> String {
        let items = state.items.values.filter { $0.folder == folder.id }
        let children = state.folders.values.filter { $0.parent == folder.id }.count
        return """
            <t:Folder><t:FolderId Id="\(folder.id)" ChangeKey="AQAAAA=="/>\
            <t:ParentFolderId Id="\(folder.parent)" ChangeKey="AQAAAA=="/>\
            <t:FolderClass>IPF.Note</t:FolderClass>\
            <t:DisplayName>\(XMLText.escaped(folder.name))</t:DisplayName>\
            <t:TotalCount>\(items.count)</t:TotalCount>\
            <t:ChildFolderCount>\(children)</t:ChildFolderCount>\
            <t:UnreadCount>\(items.filter { !$0.isRead }.count)</t:UnreadCount></t:Folder>
            """
    }

    private static func getFolder(_ operation: XMLElement, _ state: EWSServer.State) -> [Part] {
        folders(operation.child("FolderIds"), state).map { folder in
            guard let folder else { return .failed("ErrorFolderNotFound") }
            return .done("<m:Folders>\(xml(folder, state))</m:Folders>")
        }
    }

    private static func findFolder(_ operation: XMLElement, _ state: EWSServer.State) -> Part {
        guard let parent = folders(operation.child("ParentFolderIds"), state).first ?? nil else {
            return .failed("ErrorFolderNotFound")
        }
        let isDeep = operation[attribute: "Traversal"] == "Deep"
        let name = operation.first("Constant")?[attribute: "Value"]
        let found = state.folders.values.filter { folder in
            (folder.parent == parent.id || isDeep && folder.id != parent.id)
                && (name == nil || folder.name.lowercased() == name?.lowercased())
        }.sorted { $0.id < $1.id }
        return .done(
            "<m:RootFolder IndexedPagingOffset=\"\(found.count)\" TotalItemsInView=\""
                + "\(found.count)\" IncludesLastItemInRange=\"true\"><t:Folders>"
                + found.map { xml($0, state) }.joined() + "</t:Folders></m:RootFolder>")
    }

    private static func createFolder(
        _ operation: XMLElement, _ state: inout EWSServer.State
    ) -> Part {
        guard let parent = folders(operation.child("ParentFolderId"), state).first ?? nil,
            let name = operation.first("DisplayName")?.text
        else { return .failed("ErrorFolderNotFound") }
        let folder = EWSServer.Folder(id: state.id("folder"), name: name, parent: parent.id)
        state.folders[folder.id] = folder
        return .done(
            "<m:Folders><t:Folder><t:FolderId Id=\"\(folder.id)\" ChangeKey=\"AQAAAA==\"/>"
                + "</t:Folder></m:Folders>")
    }

    // MARK: Items

    private static func sync(_ operation: XMLElement, _ state: inout EWSServer.State) -> Part {
        guard let folder = folders(operation.child("SyncFolderId"), state).first ?? nil else {
            return .failed("ErrorFolderNotFound")
        }
        var offset = 0
        if let text = operation.child("SyncState")?.text, !text.isEmpty {
            let parts = Base64.decode(text).map { String(decoding: $0, as: UTF8.self) }
            let number = parts?.split(separator: "\n").last.flatMap { Int($0) }
            guard state.faults.invalidStates == 0, parts?.hasPrefix(folder.id + "\n") == true,
                let number, number <= folder.changes.count
            else {
                state.faults.invalidStates = max(0, state.faults.invalidStates - 1)
                return .failed("ErrorInvalidSyncStateData")
            }
            offset = number
        }
        let most = operation.child("MaxChangesReturned").flatMap { Int($0.text) } ?? 100
        guard (1...512).contains(most) else { return .failed("ErrorInvalidMaxChangesReturned") }
        let end = min(folder.changes.count, offset + min(most, state.page))
        var changes = ""
        for change in folder.changes[offset..<end] {
            if change.kind == .delete {
                changes += "<t:Delete><t:ItemId Id=\"\(change.id)\" ChangeKey=\"AQ==\"/></t:Delete>"
            } else if let item = state.items[change.id] {
                let name = change.kind == .create ? "Create" : "Update"
                changes += "<t:\(name)>\(xml(item))</t:\(name)>"
            }
        }
        let next = Base64.encode(Array("\(folder.id)\n\(end)".utf8))
        return .done(
            "<m:SyncState>\(next)</m:SyncState><m:IncludesLastItemInRange>"
                + "\(end == folder.changes.count)</m:IncludesLastItemInRange>"
                + "<m:Changes>\(changes)</m:Changes>")
    }

    private static func xml(_ item: EWSServer.Item, mime: Bool = false) -> String {
        let message = Message(parsing: item.mail)
        let content =
            mime
            ? "<t:MimeContent CharacterSet=\"UTF-8\">\(Base64.encode(item.mail))</t:MimeContent>"
            : ""
        return """
            <t:Message>\(content)<t:ItemId Id="\(item.id)" ChangeKey="\(key(item))"/>\
            <t:ParentFolderId Id="\(item.folder)" ChangeKey="AQAAAA=="/>\
            <t:ItemClass>IPM.Note</t:ItemClass>\
            <t:Subject>\(XMLText.escaped(message.subject ?? ""))</t:Subject>\
            <t:DateTimeReceived>2026-11-22T09:15:30Z</t:DateTimeReceived>\
            <t:Size>\(item.mail.count + 600)</t:Size>\
            <t:HasAttachments>false</t:HasAttachments>\
            <t:InternetMessageId>\(XMLText.escaped(message.messageID ?? ""))\
            </t:InternetMessageId><t:IsRead>\(item.isRead)</t:IsRead></t:Message>
            """
    }

    private static func key(_ item: EWSServer.Item) -> String {
        Base64.encode(Array("change \(item.change)".utf8))
    }

    private static func findItem(_ operation: XMLElement, _ state: EWSServer.State) -> Part {
        let places = folders(operation.child("ParentFolderIds"), state).compactMap { $0?.id }
        let all = state.items.values.filter { places.contains($0.folder) }
            .sorted { $0.id < $1.id }
        let view = operation.child("IndexedPageItemView")
        let offset = view?[attribute: "Offset"].flatMap { Int($0) } ?? 0
        let most = view?[attribute: "MaxEntriesReturned"].flatMap { Int($0) } ?? 1000
        let page = all.dropFirst(offset).prefix(most)
        let end = offset + page.count
        return .done(
            "<m:RootFolder IndexedPagingOffset=\"\(end)\" TotalItemsInView=\"\(all.count)\""
                + " IncludesLastItemInRange=\"\(end >= all.count)\"><t:Items>"
                + page.map { xml($0) }.joined() + "</t:Items></m:RootFolder>")
    }

    private static func getItem(
        _ operation: XMLElement, _ state: inout EWSServer.State
    ) -> [Part] {
        let fields = operation.first("AdditionalProperties")?.children ?? []
        let mime =
            ["true", "1"].contains(operation.first("IncludeMimeContent")?.text)
            || fields.contains { $0[attribute: "FieldURI"] == "item:MimeContent" }
        return ids(operation.child("ItemIds")).map { id in
            guard let item = state.items[id], !(mime && state.faults.gone.contains(id)) else {
                return .failed("ErrorItemNotFound")
            }
            if mime, state.faults.unconvertible.contains(id) {
                return .failed("ErrorMimeContentConversionFailed")
            }
            if mime, state.faults.busyItems > 0 {
                state.faults.busyItems -= 1
                return .failed("ErrorServerBusy")
            }
            return .done("<m:Items>\(xml(item, mime: mime))</m:Items>")
        }
    }

    private static func ids(_ element: XMLElement?) -> [String] {
        (element?.children ?? []).compactMap { $0[attribute: "Id"] }
    }

    private static func update(_ operation: XMLElement, _ state: inout EWSServer.State) -> [Part] {
        (operation.child("ItemChanges")?.children ?? []).map { change in
            guard let reference = change.child("ItemId"), let id = reference[attribute: "Id"],
                var item = state.items[id]
            else { return .failed("ErrorItemNotFound") }
            guard let given = reference[attribute: "ChangeKey"] else {
                return .failed("ErrorChangeKeyRequiredForWriteOperations")
            }
            guard given == key(item) else { return .failed("ErrorIrresolvableConflict") }
            guard let value = change.first("IsRead")?.text else {
                return .failed("ErrorInvalidPropertySet")
            }
            item.isRead = ["true", "1"].contains(value)
            item.change += 1
            state.items[id] = item
            state.folders[item.folder]?.changes.append(EWSServer.Change(kind: .update, id: id))
            return .done(
                "<m:Items><t:Message><t:ItemId Id=\"\(id)\" ChangeKey=\"\(key(item))\"/>"
                    + "</t:Message></m:Items><m:ConflictResults><t:Count>0</t:Count>"
                    + "</m:ConflictResults>")
        }
    }

    private static func move(_ operation: XMLElement, _ state: inout EWSServer.State) -> [Part] {
        guard let target = folders(operation.child("ToFolderId"), state).first ?? nil else {
            return [.failed("ErrorToFolderNotFound")]
        }
        return ids(operation.child("ItemIds")).map { id in
            guard let new = state.move(id, to: target.id), let item = state.items[new] else {
                return .failed("ErrorItemNotFound")
            }
            return .done(
                "<m:Items><t:Message><t:ItemId Id=\"\(new)\" ChangeKey=\"\(key(item))\"/>"
                    + "</t:Message></m:Items>")
        }
    }
}
