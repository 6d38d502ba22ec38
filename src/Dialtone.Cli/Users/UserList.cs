using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Accounts for people and for programs. What checks a password is never shown.</summary>
internal static class UserList
{
    public static void WriteTable(IReadOnlyList<Account> accounts)
    {
        string[][] rows =
        [
            ["USER", "HOME", "QUOTA", "LOGS IN WITH", "EXPIRES", "RIGHTS"],
            .. accounts.Select(account => new[]
            {
                Printable.Of(account.Name),
                Printable.Of(account.Home.ToString()),
                QuotaOf(account.Quota),
                ProofOf(account),
                account.Expires is { } end ? Date(end) : "never",
                RightsOf(account),
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
            Terminal.Out.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    public static void WriteJson(IReadOnlyList<Account> accounts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartArray();
            foreach (Account account in accounts)
                Write(json, account);
            json.WriteEndArray();
        }

        Terminal.Out.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void Write(Utf8JsonWriter json, Account account)
    {
        json.WriteStartObject();
        json.WriteString("name", account.Name);
        json.WriteString("home", account.Home.ToString());
        WriteLimit(json, "quota", account.Quota?.Bytes);
        WriteLimit(json, "quota-files", account.Quota?.Files);
        json.WriteBoolean("password", account.Password is not null);
        json.WriteStartArray("keys");
        foreach (string key in account.Keys)
            json.WriteStringValue(key);
        json.WriteEndArray();
        if (account.Expires is { } end)
            json.WriteString("expires", Date(end));
        else
            json.WriteNull("expires");
        json.WriteStartObject("rights");
        foreach ((VirtualPath folder, FileRights rights) in account.Rights)
            json.WriteString(folder.ToString(), FileRightsText.Format(rights));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteLimit(Utf8JsonWriter json, string name, long? limit)
    {
        if (limit is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static string QuotaOf(Quota? quota) => quota switch
    {
        null => "none",
        { Bytes: { } bytes, Files: { } files } => $"{Size(bytes)}, {files} files",
        { Bytes: { } bytes } => Size(bytes),
        _ => $"{quota.Files} files",
    };

    /// <summary>A size as <see cref="Values.Size"/> reads it back, exactly.</summary>
    private static string Size(long bytes)
    {
        const string Units = "KMGT";
        int power = 0;
        while (power < Units.Length && bytes >= 1024 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            power++;
        }

        return power == 0 ? bytes.ToString(CultureInfo.InvariantCulture) : $"{bytes}{Units[power - 1]}";
    }

    private static string ProofOf(Account account) => (account.Password, account.Keys.Count) switch
    {
        (null, 0) => "nothing",
        (null, 1) => "a key",
        (null, var keys) => $"{keys} keys",
        (_, 0) => "a password",
        (_, 1) => "a password or a key",
        (_, var keys) => $"a password or {keys} keys",
    };

    private static string Date(DateTimeOffset end) =>
        end.UtcDateTime.ToString(end.UtcDateTime.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string RightsOf(Account account) => string.Join(' ', account.Rights.Select(pair =>
        pair.Key.IsRoot ? FileRightsText.Format(pair.Value) : $"{Printable.Of(pair.Key.ToString())}={FileRightsText.Format(pair.Value)}"));
}
