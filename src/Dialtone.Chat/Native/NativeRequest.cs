using System.Text.Json;

namespace Dialtone.Chat;

// request = {"say":TEXT,["room":ROOM / "to":NAME,]"ref":N}          ; neither: to the operator
//         / {"enter":ROOM,["password":TEXT,]"ref":N} / {"leave":ROOM,"ref":N} / {"rename":NAME,"ref":N}
//         / {"who":ROOM,"ref":N} / {"history":ROOM,["before":ID,]["limit":N,]"ref":N}
/// <summary>A message from a client that has joined.</summary>
internal struct NativeRequest
{
    public string? Say;
    public string? Room;
    public string? To;
    public string? Enter;
    public string? Password;
    public string? Leave;
    public string? Rename;
    public string? Who;
    public string? History;
    public long? Before;
    public int? Limit;
    public long Ref;

    /// <summary>Reads one; false if it is none. Unknown members are skipped.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out NativeRequest request)
    {
        request = default;
        try
        {
            var json = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = 8 });
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                request.ReadMember(ref json);
            return !json.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private void ReadMember(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("say"u8))
            Say = Text(ref json);
        else if (json.ValueTextEquals("room"u8))
            Room = Text(ref json);
        else if (json.ValueTextEquals("to"u8))
            To = Text(ref json);
        else if (json.ValueTextEquals("enter"u8))
            Enter = Text(ref json);
        else if (json.ValueTextEquals("password"u8))
            Password = Text(ref json);
        else if (json.ValueTextEquals("leave"u8))
            Leave = Text(ref json);
        else if (json.ValueTextEquals("rename"u8))
            Rename = Text(ref json);
        else if (json.ValueTextEquals("who"u8))
            Who = Text(ref json);
        else if (json.ValueTextEquals("history"u8))
            History = Text(ref json);
        else if (json.ValueTextEquals("before"u8))
            Before = json.Read() ? json.GetInt64() : null;
        else if (json.ValueTextEquals("limit"u8))
            Limit = json.Read() ? json.GetInt32() : null;
        else if (json.ValueTextEquals("ref"u8))
            Ref = json.Read() ? json.GetInt64() : 0;
        else
            json.Skip();
    }

    private static string? Text(ref Utf8JsonReader json) => json.Read() ? json.GetString() : null;
}
