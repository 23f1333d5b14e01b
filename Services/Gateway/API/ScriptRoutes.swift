import Contracts
import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// Scripts that are run from outside, and tried by who writes them.
struct ScriptRoutes: Sendable {
    let workflow: Peer
    let resolver: CodeResolver

    /// A script's own time and that of its calls, both at their longest, and a little more.
    static let patience = Duration.seconds(95)

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/scripts/{script}/run", .account,
            Operation(
                "Runs a script that is open to the outside",
                about: "It sees `parameters` and `me`, and acts with the caller's rights, or those"
                    + " of its `runAs`. A script that returns a file is answered by that file.",
                body: .json("ScriptInput"), needsBody: false,
                answers: [Answer(200, "What it returns, or its file", "ScriptResult")]),
            body: RouteTable.json
        ) { request, caller in try await run(request, caller) }
        table.on(
            .post, "/api/scripts/try", .holder(of: Permissions.modelsWrite),
            Operation(
                "Tries a source that stands in no model",
                about: "It reads with the caller's rights. What it would do is answered in `calls`,"
                    + " and not done.",
                body: .json("ScriptTrial"),
                answers: [Answer(200, "What became of it", "ScriptTried")]),
            body: RouteTable.json
        ) { request, caller in try await attempt(request, caller) }
    }

    private func run(_ request: Request, _ caller: Caller) async throws -> Response {
        let problems = ObjectReader.Problems()
        let body = request.body.length == 0 ? [:] : try await request.json()
        let reader = ObjectReader(body, at: "", problems: problems)
        let parameters = ScriptRoutes.object(reader, "parameters")
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        let code = try await resolver.resolve(
            request.parameters["script"] ?? "", .scripts, trace: request.trace)
        let call = RunScript(script: code, parameters: parameters)
        let answer = try await workflow.forward(call, as: ScriptRoutes.context(request, caller))
        return ScriptRoutes.file(in: answer) ?? .passed(answer)
    }

    private func attempt(_ request: Request, _ caller: Caller) async throws -> Response {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(try await request.json(), at: "", problems: problems)
        let include = reader.value("include").flatMap { $0.isNull ? nil : $0 }
        let codes = include?.array?.compactMap(\.string)
        if let include, codes?.count != include.array?.count || include.array == nil {
            reader.fault("include", "wrong-type", "An array of codes of scripts.")
        }
        let call = TryScript(
            model: reader.string("model", required: true) ?? "",
            source: reader.string("source", required: true) ?? "", include: codes,
            parameters: ScriptRoutes.object(reader, "parameters"), record: reader.value("record"),
            class: reader.string("class"))
        reader.finish()
        if !problems.items.isEmpty { throw Problem.validation(problems.items) }
        return .passed(try await workflow.forward(call, as: ScriptRoutes.context(request, caller)))
    }

    static func context(_ request: Request, _ caller: Caller, door: Door = .api) throws
        -> CallContext
    {
        var context = try request.context(caller, door: door)
        context.timeout = patience
        return context
    }

    private static func object(_ reader: ObjectReader, _ member: String) -> JSONValue? {
        guard let value = reader.value(member), !value.isNull else { return nil }
        if value.object == nil { reader.fault(member, "wrong-type", "An object of values.") }
        return value
    }

    /// The file that a script returned; nil where it returned a value. It never runs in the
    /// platform's own origin, whatever it is.
    static func file(in answer: JSONBytes) -> Response? {
        guard answer.bytes.starts(with: #"{"file""#.utf8),
            let file = (try? JSONValue(parsing: answer.bytes))?["file"],
            let content = file["content"]?.string.flatMap({ Base64.decode($0) })
        else { return nil }
        let name = file["name"]?.string ?? "file"
        let plain = String(
            name.unicodeScalars.map {
                (32...126).contains($0.value) && $0 != "\"" && $0 != "\\" ? Character($0) : "_"
            })
        return Response(
            headers: [
                "Content-Type": file["type"]?.string ?? "application/octet-stream",
                "Content-Disposition":
                    "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(Percent.encode(name))",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
            ], body: .bytes(content))
    }
}
