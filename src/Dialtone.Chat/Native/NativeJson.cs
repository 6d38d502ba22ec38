using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Dialtone.Chat;

// joined  = {"session":HEX16,"secret":BASE64,"port":N,"name":NAME,"rooms":[ROOM,…],"limits":{"text":BYTES,"message":BYTES}}
// answer  = {"ref":N,["id":ID / "name":NAME / "names":[NAME,…],"count":N / "messages":[message,…],"more":BOOL]}
// refusal = {["ref":N,]["room":ROOM,]"error":WORD,"text":TEXT}
// end     = {"end":WORD,"text":TEXT}                               ; the server lets go of the client
/// <summary>What the server answers in the native protocol; events are written by <see cref="ChatJson"/>.</summary>
internal static class NativeJson
{
    /// <summary>Of history in one answer: with the rest of it, well within the 64 KiB of a message.</summary>
    private const int MaxPageBytes = 48 * 1024;

    public static byte[] Joined(FlowSession session, byte[] secret, int port, ChatParticipant participant, ChatLimits limits, int maxMessageBytes) => Write(json =>
    {
        json.WriteString("session"u8, session.Id.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteBase64String("secret"u8, secret);
        json.WriteNumber("port"u8, port);
        json.WriteString("name"u8, participant.Name);
        json.WriteStartArray("rooms"u8);
        foreach (ChatRoom room in participant.Rooms)
            json.WriteStringValue(room.Name);
        json.WriteEndArray();
        json.WriteStartObject("limits"u8);
        json.WriteNumber("text"u8, limits.MaxTextBytes);
        json.WriteNumber("message"u8, maxMessageBytes);
        json.WriteEndObject();
    });

    public static byte[] Scram(ReadOnlySpan<byte> message)
    {
        string text = System.Text.Encoding.UTF8.GetString(message);
        return Write(json => json.WriteString("scram"u8, text));
    }

    public static byte[] Refusal(ChatError error, string? room = null, string? sentence = null) => Write(json =>
    {
        if (room is not null)
            json.WriteString("room"u8, room);
        WriteError(json, "error", error, sentence);
    });

    public static byte[] Refused(long reference, ChatError error) => Answer(reference, json => WriteError(json, "error", error, null));

    public static byte[] End(ChatError why) => Write(json => WriteError(json, "end", why, null));

    public static byte[] Done(long reference) => Answer(reference, static _ => { });

    public static byte[] Taken(long reference, long id) => Answer(reference, json => json.WriteNumber("id"u8, id));

    public static byte[] Renamed(long reference, string name) => Answer(reference, json => json.WriteString("name"u8, name));

    public static byte[] Names(long reference, string[] names, int count) => Answer(reference, json =>
    {
        json.WriteStartArray("names"u8);
        foreach (string name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("count"u8, count);
    });

    /// <summary>A page of history: of <paramref name="messages"/>, oldest first, as many of the newest as there is room for.</summary>
    public static byte[] Page(long reference, ChatOutgoing[] messages, bool more) => Answer(reference, json =>
    {
        int first = messages.Length;
        for (int bytes = 0; first > 0 && (bytes += messages[first - 1].Json.Length + 1) <= MaxPageBytes;)
            first--;
        if (first == messages.Length && first > 0)
            first--; // a message beyond the page's size comes alone
        json.WriteStartArray("messages"u8);
        foreach (ChatOutgoing message in messages.AsSpan(first))
            json.WriteRawValue(message.Json.Span, skipInputValidation: true);
        json.WriteEndArray();
        json.WriteBoolean("more"u8, more || first > 0);
    });

    private static byte[] Answer(long reference, Action<Utf8JsonWriter> write) => Write(json =>
    {
        json.WriteNumber("ref"u8, reference);
        write(json);
    });

    private static void WriteError(Utf8JsonWriter json, string member, ChatError error, string? sentence)
    {
        json.WriteString(member, ChatErrorCodes.Of(error));
        json.WriteString("text"u8, sentence ?? ChatErrorCodes.Sentence(error));
    }

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, ChatJson.WriterOptions))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
