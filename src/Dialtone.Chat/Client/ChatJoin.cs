using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Dialtone.Chat;

/// <summary>The client's side of the conversation over TLS.</summary>
internal static class ChatJoin
{
    private const int MaxAnswerBytes = 64 * 1024;
    private const int LeastMessageBytes = 1024, MostMessageBytes = 1024 * 1024;

    public sealed record Joined(FlowKeys Keys, Address Datagrams, string Name, IReadOnlyList<string> Rooms, int MaxTextBytes, int MaxMessageBytes, TlsDetails? Tls);

    public static async Task<Joined> RunAsync(Address address, ChatClientOptions options, CancellationToken cancellationToken)
    {
        Connection connection = await Dialer.ConnectAsync(address, options.Dial, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            using var timeout = new CancellationTokenSource(options.JoinTime, options.Dial.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                if (options.User is { } user)
                    await LoginAsync(connection, user, options.Password ?? "", either.Token).ConfigureAwait(false);
                await SendAsync(connection, json => WriteJoin(json, options), either.Token).ConfigureAwait(false);
                using JsonDocument answer = await ReadAsync(connection, either.Token).ConfigureAwait(false);
                return Read(connection, answer.RootElement, options);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                connection.Abort();
                throw new TransportException(TransportError.TimedOut, $"{address} did not let us in within {options.JoinTime.TotalSeconds} s.");
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or ProtocolException)
            {
                throw new ChatException(ChatError.BadRequest, $"{address} does not speak this protocol.", e);
            }
        }
    }

    private static async ValueTask LoginAsync(Connection connection, string user, string password, CancellationToken cancellationToken)
    {
        var scram = new ScramClient(user, password, new ScramClientOptions { ChannelBinding = connection.ChannelBinding });
        ReadOnlyMemory<byte> message = scram.Start();
        while (true)
        {
            string text = Encoding.UTF8.GetString(message.Span);
            await SendAsync(connection, json => json.WriteString("scram", text), cancellationToken).ConfigureAwait(false);
            string reply;
            using (JsonDocument answer = await ReadAsync(connection, cancellationToken).ConfigureAwait(false))
                reply = answer.RootElement.GetProperty("scram").GetString()!;
            ScramStep step = await Task.Run(() => scram.Receive(Encoding.UTF8.GetBytes(reply)), cancellationToken).ConfigureAwait(false);
            if (step.Status == ScramStatus.Succeeded)
                return;
            if (step.Status == ScramStatus.Failed)
            {
                throw step.Error == ScramError.Refused
                    ? new TrustException(TrustError.Refused, "The server refused the name or the password.")
                    : new TrustException(TrustError.ServerNotProven, $"The server did not prove that it knows the account ({step.Error}).");
            }

            message = step.Reply;
        }
    }

    private static void WriteJoin(Utf8JsonWriter json, ChatClientOptions options)
    {
        if (options.Name is { } name)
            json.WriteString("name"u8, name);
        json.WriteStartArray("rooms"u8);
        foreach (ChatRoomEntry room in options.Rooms)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, room.Name);
            if (room.Password is { } password)
                json.WriteString("password"u8, password);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static Joined Read(Connection connection, JsonElement json, ChatClientOptions options)
    {
        byte[] secret = json.GetProperty("secret").GetBytesFromBase64();
        if (secret.Length != FlowKeys.SecretBytes)
            throw new FormatException();
        ulong session = ulong.Parse(json.GetProperty("session").GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        JsonElement limits = json.GetProperty("limits");
        int port = json.GetProperty("port").GetInt32();
        string host = connection.RemoteEndPoint is IPEndPoint ip ? ip.Address.ToString() : connection.Address.Host ?? "127.0.0.1";
        return new Joined(
            new FlowKeys(session, secret),
            options.Datagrams ?? Address.Udp(host, port),
            json.GetProperty("name").GetString()!,
            [.. json.GetProperty("rooms").EnumerateArray().Select(static room => room.GetString()!)],
            limits.GetProperty("text").GetInt32(),
            Math.Clamp(limits.GetProperty("message").GetInt32(), LeastMessageBytes, MostMessageBytes),
            connection.Tls);
    }

    private static ValueTask SendAsync(Connection connection, Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, ChatJson.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("chat"u8, JoinRequest.Version);
            write(json);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        return connection.SendAsync(bytes.WrittenMemory, cancellationToken);
    }

    private static async ValueTask<JsonDocument> ReadAsync(Connection connection, CancellationToken cancellationToken)
    {
        string line = await connection.ReadLineAsync(MaxAnswerBytes, cancellationToken: cancellationToken).ConfigureAwait(false)
            ?? throw new ChatException(ChatError.BadRequest, $"{connection.Address} closed without letting us in.");
        JsonDocument answer;
        try
        {
            answer = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException e)
        {
            throw new ChatException(ChatError.BadRequest, $"{connection.Address} does not speak this protocol.", e);
        }

        if (!answer.RootElement.TryGetProperty("error", out JsonElement error))
            return answer;
        using (answer)
        {
            string? where = answer.RootElement.TryGetProperty("room", out JsonElement room) ? room.GetString() : null;
            string? text = answer.RootElement.TryGetProperty("text", out JsonElement sentence) ? sentence.GetString() : null;
            ChatError reason = ChatErrorCodes.ErrorOf(error.GetString());
            string why = Printable.Of(text ?? ChatErrorCodes.Sentence(reason));
            throw new ChatException(reason, where is null ? why : $"{Printable.Of(where)}: {why}");
        }
    }
}
