using System.Text;
using System.Text.Json;

namespace Dialtone.Chat;

/// <summary>What a client hears from the server: an event, an answer, or the end.</summary>
internal sealed record ServerMessage
{
    public ChatEvent? Event { get; private init; }

    /// <summary>The request this answers; null for what was not asked for.</summary>
    public long? Ref { get; private init; }

    public long Id { get; private init; }

    public string? Name { get; private init; }

    public ChatCrowd? Crowd { get; private init; }

    public ChatPage? Page { get; private init; }

    public ChatError Error { get; private init; }

    /// <summary>Why the server lets go of this client.</summary>
    public ChatError? End { get; private init; }

    public string? Text { get; private init; }

    /// <summary>Reads one; null if it is nothing this client knows.</summary>
    public static ServerMessage? Read(ReadOnlyMemory<byte> message)
    {
        if (message.Span.StartsWith("{\"message\":"u8))
            return ChatJson.ReadMessage(message.Span) is { } said ? new ServerMessage { Event = said } : null;
        try
        {
            using var document = JsonDocument.Parse(message, new JsonDocumentOptions { MaxDepth = 8 });
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static ServerMessage? Read(JsonElement json)
    {
        if (json.TryGetProperty("ref", out JsonElement reference))
            return ReadAnswer(json, reference.GetInt64());
        if (json.TryGetProperty("delivered", out JsonElement delivered))
            return new ServerMessage { Event = new ChatDelivery(delivered.GetInt64(), TextOf(json, "room"), NumberOf(json, "count"), NumberOf(json, "failed"), NumberOf(json, "of")) };
        if (json.TryGetProperty("here", out JsonElement here))
            return new ServerMessage { Event = new ChatPresence(TextOf(json, "room")!, TextOf(json, "name")!, here.GetBoolean(), json.GetProperty("at").GetDateTimeOffset()) };
        if (json.TryGetProperty("notice", out JsonElement notice))
            return new ServerMessage { Event = new ChatNotice(notice.GetString()!) };
        if (json.TryGetProperty("end", out JsonElement end))
            return new ServerMessage { End = ChatErrorCodes.ErrorOf(end.GetString()), Text = TextOf(json, "text") };
        return ChatJson.ReadMessage(Encoding.UTF8.GetBytes(json.GetRawText())) is { } said ? new ServerMessage { Event = said } : null;
    }

    private static ServerMessage ReadAnswer(JsonElement json, long reference) => new()
    {
        Ref = reference,
        Id = json.TryGetProperty("id", out JsonElement id) ? id.GetInt64() : 0,
        Name = TextOf(json, "name"),
        Error = TextOf(json, "error") is { } error ? ChatErrorCodes.ErrorOf(error) : ChatError.None,
        Crowd = json.TryGetProperty("names", out JsonElement names) ? new ChatCrowd([.. names.EnumerateArray().Select(static name => name.GetString()!)], NumberOf(json, "count")) : null,
        Page = json.TryGetProperty("messages", out JsonElement messages)
            ? new ChatPage([.. messages.EnumerateArray().Select(static each => ChatJson.ReadMessage(Encoding.UTF8.GetBytes(each.GetRawText()))).OfType<ChatMessage>()], json.GetProperty("more").GetBoolean())
            : null,
    };

    private static string? TextOf(JsonElement json, string member) => json.TryGetProperty(member, out JsonElement value) ? value.GetString() : null;

    private static int NumberOf(JsonElement json, string member) => json.GetProperty(member).GetInt32();
}
