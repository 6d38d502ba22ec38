using System.Globalization;
using System.Text.Json;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>A chat's events as objects in JSON, a line each, for the operator's and the client's scripts alike.</summary>
internal static class ChatJsonLines
{
    /// <summary>Where the server listens, in the place of the lines that other servers print.</summary>
    public static ReadyFile? Announce(IReadOnlyList<Address> addresses, string? path)
    {
        foreach (Address address in addresses)
        {
            JsonLine.Write(json =>
            {
                json.WriteString("type"u8, "listening");
                json.WriteString("address"u8, address.ToString());
            });
        }

        return path is null ? null : new ReadyFile(path, string.Concat(addresses.Select(address => $"listening {address}\n")));
    }

    public static void Write(ChatEvent happened) => JsonLine.Write(
        json =>
        {
            switch (happened)
            {
                case ChatMessage message:
                    json.WriteString("type"u8, "message");
                    json.WriteNumber("id"u8, message.Id);
                    WriteTime(json, message.At);
                    json.WriteString("from"u8, message.From);
                    if (message.Address is { } address)
                        json.WriteString("address"u8, address.ToString());
                    json.WriteBoolean("verified"u8, message.IsVerified);
                    if (message.Room is { } room)
                        json.WriteString("room"u8, room);
                    if (message.To is { } to)
                        json.WriteString("to"u8, to);
                    if (message.IsCut)
                        json.WriteBoolean("cut"u8, true);
                    json.WriteString("text"u8, message.Text);
                    break;
                case ChatPresence presence:
                    json.WriteString("type"u8, "presence");
                    WriteTime(json, presence.At);
                    json.WriteString("name"u8, presence.Name);
                    json.WriteString("room"u8, presence.Room);
                    json.WriteBoolean("here"u8, presence.IsHere);
                    break;
                case ChatDelivery delivery:
                    json.WriteString("type"u8, "delivery");
                    json.WriteNumber("id"u8, delivery.MessageId);
                    if (delivery.Room is { } where)
                        json.WriteString("room"u8, where);
                    json.WriteNumber("delivered"u8, delivery.Delivered);
                    json.WriteNumber("failed"u8, delivery.Failed);
                    json.WriteNumber("of"u8, delivery.Of);
                    break;
                case ChatNotice notice:
                    json.WriteString("type"u8, "notice");
                    json.WriteString("text"u8, notice.Text);
                    break;
            }
        },
        flushes: false);

    /// <summary>What became of a line that was piped in.</summary>
    public static void WriteOutcome(ChatError error, string text, string line) => JsonLine.Write(
        json =>
        {
            json.WriteString("type"u8, error == ChatError.None ? "reply" : "error");
            if (error != ChatError.None)
                json.WriteString("error"u8, Code(error));
            json.WriteString("text"u8, text);
            json.WriteString("line"u8, line);
        },
        flushes: false);

    /// <summary>What the server answered to a message: its number, by which deliveries are told, or why it was not taken.</summary>
    public static void WriteReceipt(ChatReceipt receipt, string text) => JsonLine.Write(
        json =>
        {
            json.WriteString("type"u8, receipt.IsTaken ? "sent" : "error");
            if (receipt.IsTaken)
                json.WriteNumber("id"u8, receipt.Id);
            else
                json.WriteString("error"u8, Code(receipt.Error));
            json.WriteString("text"u8, receipt.IsTaken ? text : ChatWords.Of(receipt.Error));
            if (!receipt.IsTaken)
                json.WriteString("line"u8, text);
        },
        flushes: false);

    /// <summary>An error's name as it stands on the wire.</summary>
    private static string Code(ChatError error) =>
        string.Concat(error.ToString().Select((letter, i) => char.IsUpper(letter) ? $"{(i == 0 ? "" : "-")}{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static void WriteTime(Utf8JsonWriter json, DateTimeOffset at) =>
        json.WriteString("at"u8, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
}
