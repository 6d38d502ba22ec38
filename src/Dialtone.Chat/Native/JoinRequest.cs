using System.Text;
using System.Text.Json;

namespace Dialtone.Chat;

// join    = {"chat":1,["scram":TEXT] / "name":NAME,"rooms":[{"name":ROOM,["password":TEXT]},…]}      ; a line of at most 4 KiB
/// <summary>What a client says over TLS to come in.</summary>
internal sealed class JoinRequest
{
    public const int Version = 1;
    public const int MaxBytes = 4096;

    public int Chat { get; private set; }

    public string? Scram { get; private set; }

    public string? Name { get; private set; }

    public List<(string Name, string? Password)> Rooms { get; } = [];

    /// <summary>Reads a line; null if it is no such object. Unknown members are skipped.</summary>
    public static JoinRequest? Read(string line)
    {
        try
        {
            var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(line), new JsonReaderOptions { MaxDepth = 8 });
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return null;
            var join = new JoinRequest();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("chat"u8))
                    join.Chat = json.Read() ? json.GetInt32() : 0;
                else if (json.ValueTextEquals("scram"u8))
                    join.Scram = json.Read() ? json.GetString() : null;
                else if (json.ValueTextEquals("name"u8))
                    join.Name = json.Read() ? json.GetString() : null;
                else if (json.ValueTextEquals("rooms"u8))
                    join.ReadRooms(ref json);
                else
                    json.Skip();
            }

            return json.Read() ? null : join;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private void ReadRooms(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
            throw new FormatException();
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            string? name = null, password = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("name"u8))
                    name = json.Read() ? json.GetString() : null;
                else if (json.ValueTextEquals("password"u8))
                    password = json.Read() ? json.GetString() : null;
                else
                    json.Skip();
            }

            Rooms.Add((name ?? throw new FormatException(), password));
        }

        if (json.TokenType != JsonTokenType.EndArray)
            throw new FormatException();
    }
}
