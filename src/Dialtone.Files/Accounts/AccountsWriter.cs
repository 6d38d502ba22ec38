using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Dialtone.Files;

/// <summary>Writes what <see cref="AccountsReader"/> reads.</summary>
internal static class AccountsWriter
{
    // Base64 keeps its '+', and folders the letters of their language: it is a file for people, and no page of HTML.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static byte[] Format(ReadOnlySpan<byte> secret, IReadOnlyList<Account> accounts)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Readable);
        json.WriteStartObject();
        json.WriteNumber("version"u8, AccountsReader.Version);
        json.WriteBase64String("secret"u8, secret);
        json.WriteStartArray("accounts"u8);
        foreach (Account account in accounts)
            Write(json, account);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    internal static byte[] Format(Account account)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        Write(json, account);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, Account account)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, account.Name);
        if (account.Password is { } password)
            json.WriteString("password"u8, password.Format());
        if (account.Keys.Count > 0)
        {
            json.WriteStartArray("keys"u8);
            foreach (string key in account.Keys)
                json.WriteStringValue(key);
            json.WriteEndArray();
        }

        json.WriteString("home"u8, account.Home.ToString());
        json.WriteStartObject("rights"u8);
        foreach ((VirtualPath folder, FileRights rights) in account.Rights.OrderBy(rule => rule.Key.ToString(), StringComparer.Ordinal))
            json.WriteString(folder.ToString(), FileRightsText.Format(rights));
        json.WriteEndObject();
        if (account.Quota is { IsLimit: true } quota)
            Write(json, quota);
        if (account.Expires is { } expires)
            json.WriteString("expires"u8, Format(expires));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Quota quota)
    {
        json.WriteStartObject("quota"u8);
        if (quota.Bytes is { } bytes)
            json.WriteNumber("bytes"u8, bytes);
        if (quota.Files is { } files)
            json.WriteNumber("files"u8, files);
        json.WriteEndObject();
    }

    private static string Format(DateTimeOffset time)
    {
        DateTime utc = time.UtcDateTime;
        return utc.ToString(utc.TimeOfDay == TimeSpan.Zero ? AccountsReader.DateFormat : AccountsReader.TimeFormat, CultureInfo.InvariantCulture);
    }
}
