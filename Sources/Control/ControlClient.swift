public import Screening

/// How commands ask the running service.
public enum ControlClient {
    /// Asks one thing.
    ///
    /// - Parameter patience: seconds to wait for the answer.
    /// - Returns: nil where no service listens at `socket`.
    /// - Throws: what the service refused with; `system` where the socket cannot be used.
    public static func ask(_ request: ControlRequest, at socket: String, patience: Int = 10) throws(PapillaError)
        -> ControlResponse?
    {
        guard let connection = try UnixSocket.connect(socket, patience: patience) else { return nil }
        let response: ControlResponse
        do {
            // Refused before it was asked, the other end may be closed: why is to be read nevertheless.
            let sent = Result { try connection.write(line: try CanonicalJSON.line(request)) }
            var rest: [UInt8] = []
            guard let line = try connection.readLine(&rest) else {
                try sent.get()
                throw PapillaError(.system, "The service closed the connection without an answer", isRetryable: true)
            }
            response = try CanonicalJSON.decode(ControlResponse.self, from: line)
        } catch let error as PapillaError { throw error } catch {
            throw PapillaError(
                .internal, "The service's answer could not be understood", hint: "Is it of another version?", cause: error)
        }
        if let refusal = response.refusal { throw refusal }
        return response
    }
}
