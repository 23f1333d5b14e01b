import Curl
import Testing
import TestSupport

/// libcurl against a real IMAP server.
@Suite struct CurlConnectionTests {
    private func target(
        _ server: Dovecot, secure: Bool = false, host: String = "localhost",
        password: String = "secret", tls: CurlConnection.Target.TLS = .required
    ) -> CurlConnection.Target {
        CurlConnection.Target(
            url: secure
                ? "imaps://\(host):\(server.securePort)" : "imap://\(host):\(server.port)",
            user: "anna", password: password, startTLS: tls, authorities: server.certificate)
    }

    @Test func `it logs in in the clear, by STARTTLS and by TLS, and then bytes go both ways`()
        async throws
    {
        let server = try await Dovecot()
        let targets = [
            target(server, tls: .never), target(server), target(server, secure: true),
        ]
        for target in targets {
            let connection = try await CurlConnection.open(target, timeout: .seconds(10))
            #expect(connection.greeting.first?.hasPrefix("* OK") == true)
            // Nothing of the login is kept.
            #expect(!connection.greeting.contains { $0.contains("secret") })
            try await connection.send(Array("X1 SELECT INBOX\r\n".utf8), timeout: .seconds(10))
            var text = ""
            while !text.contains("X1 OK") {
                let bytes = try await connection.receive(limit: 4096, timeout: .seconds(10))
                try #require(!bytes.isEmpty)
                text += String(decoding: bytes, as: UTF8.self)
            }
            #expect(text.contains("UIDVALIDITY"))
            await connection.close()
        }
    }

    @Test func `a wrong password, a foreign certificate and another host are told apart`()
        async throws
    {
        let server = try await Dovecot()
        func kind(_ target: CurlConnection.Target) async -> CurlError.Kind? {
            do {
                let connection = try await CurlConnection.open(target, timeout: .seconds(10))
                await connection.close()
                return nil
            } catch {
                return (error as? CurlError)?.kind
            }
        }
        #expect(await kind(target(server, password: "wrong")) == .login)
        var foreign = target(server, secure: true)
        foreign.authorities = nil
        #expect(await kind(foreign) == .tls)
        // The certificate names localhost and 127.0.0.1, and this is neither.
        #expect(await kind(target(server, secure: true, host: "127.0.0.2")) != nil)
        var closed = target(server)
        closed.url = "imap://127.0.0.1:\(FreePort.take())"
        #expect(await kind(closed) == .connection)
        var wrong = target(server)
        wrong.url = "file:///etc/passwd"
        #expect(await kind(wrong) == .other)
    }

    @Test func `a silent server is a timeout, and cancelling ends the wait`() async throws {
        let server = try await Dovecot()
        let connection = try await CurlConnection.open(target(server), timeout: .seconds(10))
        do {
            _ = try await connection.receive(limit: 100, timeout: .milliseconds(20))
            Issue.record("the server said something")
        } catch let error as CurlError {
            #expect(error.kind == .timeout)
        }
        let waiting = Task {
            try await connection.receive(limit: 100, timeout: .seconds(60))
        }
        waiting.cancel()
        do {
            _ = try await waiting.value
            Issue.record("the wait was not ended")
        } catch let error as CurlError {
            #expect(error.kind == .interrupted)
        }
        await connection.close()
    }
}
