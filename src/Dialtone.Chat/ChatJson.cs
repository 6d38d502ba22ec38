using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Dialtone.Chat;

// message  = {"message":ID,"at":TIME,"from":NAME,"room":NAME / "to":NAME,["verified":true,]["cut":true,]"text":TEXT}
// presence = {"here":BOOL,"room":NAME,"name":NAME,"at":TIME}
// delivery = {"delivered":ID,["room":NAME,]"count":N,"failed":N,"of":N}
// notice   = {"notice":TEXT}
/// <summary>Events as the native protocol and the history file write them.</summary>
internal static class ChatJson
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly JsonWriterOptions Options = new() { Encoder = ChatTextEncoder.Instance, SkipValidation = true };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? writer;

    public static byte[] Encode(ChatEvent chatEvent)
    {
        ArrayBufferWriter<byte> bytes = buffer ??= new ArrayBufferWriter<byte>(512);
        Utf8JsonWriter json = writer ??= new Utf8JsonWriter(bytes, Options);
        bytes.ResetWrittenCount();
        json.Reset(bytes);
        Write(json, chatEvent);
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The options of every writer of this protocol.</summary>
    public static JsonWriterOptions WriterOptions => Options;

    public static void Write(Utf8JsonWriter json, ChatEvent chatEvent)
    {
        json.WriteStartObject();
        switch (chatEvent)
        {
            case ChatMessage message:
                json.WriteNumber("message"u8, message.Id);
                WriteTime(json, message.At);
                json.WriteString("from"u8, message.From);
                if (message.Room is { } room)
                    json.WriteString("room"u8, room);
                if (message.To is { } to)
                    json.WriteString("to"u8, to);
                if (message.IsVerified)
                    json.WriteBoolean("verified"u8, true);
                if (message.IsCut)
                    json.WriteBoolean("cut"u8, true);
                json.WriteString("text"u8, message.Text);
                break;
            case ChatPresence presence:
                json.WriteBoolean("here"u8, presence.IsHere);
                json.WriteString("room"u8, presence.Room);
                json.WriteString("name"u8, presence.Name);
                WriteTime(json, presence.At);
                break;
            case ChatDelivery delivery:
                json.WriteNumber("delivered"u8, delivery.MessageId);
                if (delivery.Room is { } where)
                    json.WriteString("room"u8, where);
                json.WriteNumber("count"u8, delivery.Delivered);
                json.WriteNumber("failed"u8, delivery.Failed);
                json.WriteNumber("of"u8, delivery.Of);
                break;
            case ChatNotice notice:
                json.WriteString("notice"u8, notice.Text);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Reads a message that <see cref="Encode"/> wrote; null if it is none, or only a part of one.</summary>
    public static ChatMessage? ReadMessage(ReadOnlySpan<byte> line)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            return json.Read() && json.TokenType == JsonTokenType.StartObject ? ReadMembers(ref json) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static ChatMessage? ReadMembers(ref Utf8JsonReader json)
    {
        long id = 0;
        DateTimeOffset? at = null;
        string? from = null, text = null, room = null, to = null;
        bool isVerified = false, isCut = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("message"u8))
                id = json.Read() ? json.GetInt64() : 0;
            else if (json.ValueTextEquals("at"u8))
                at = json.Read() ? json.GetDateTimeOffset() : null;
            else if (json.ValueTextEquals("from"u8))
                from = json.Read() ? json.GetString() : null;
            else if (json.ValueTextEquals("text"u8))
                text = json.Read() ? json.GetString() : null;
            else if (json.ValueTextEquals("room"u8))
                room = json.Read() ? json.GetString() : null;
            else if (json.ValueTextEquals("to"u8))
                to = json.Read() ? json.GetString() : null;
            else if (json.ValueTextEquals("verified"u8))
                isVerified = json.Read() && json.GetBoolean();
            else if (json.ValueTextEquals("cut"u8))
                isCut = json.Read() && json.GetBoolean();
            else if (json.Read())
                json.Skip();
        }

        if (json.TokenType != JsonTokenType.EndObject || json.Read() || id <= 0 || at is not { } when || from is null || text is null)
            return null;
        return new ChatMessage { Id = id, At = when, From = from, Text = text, Room = room, To = to, IsVerified = isVerified, IsCut = isCut };
    }

    private static void WriteTime(Utf8JsonWriter json, DateTimeOffset at)
    {
        Span<char> text = stackalloc char[24];
        at.UtcDateTime.TryFormat(text, out int length, TimeFormat, CultureInfo.InvariantCulture);
        json.WriteString("at"u8, text[..length]);
    }
}
