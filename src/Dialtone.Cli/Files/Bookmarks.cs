using System.Text;
using System.Text.Json;

namespace Dialtone.Cli;

/// <summary>A server that was given a name.</summary>
/// <param name="Server">Where it is.</param>
/// <param name="User">Who; null for a stranger.</param>
/// <param name="Fingerprint">Of the key it must show; null where no TLS is spoken.</param>
internal sealed record Bookmark(Address Server, string? User, string? Fingerprint);

/// <summary>The file in which the tool keeps names for servers: <c>{"NAME":{"server":"tls://…","user":"…","fingerprint":"SHA256:…"}}</c>.</summary>
internal static class Bookmarks
{
    private const int MaxFileBytes = 1024 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static string FilePath => Path.Combine(Folders.Own, "bookmarks.json");

    public static string CheckName(string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && text[0] != '-'
            ? text
            : throw new FormatException($"'{text}' is not a name of letters, digits, - _ and a dot.");

    public static Bookmark? Find(string name) => Load().GetValueOrDefault(name);

    /// <exception cref="CliException">The file cannot be read or understood.</exception>
    public static SortedDictionary<string, Bookmark> Load()
    {
        var all = new SortedDictionary<string, Bookmark>(StringComparer.Ordinal);
        try
        {
            if (!File.Exists(FilePath))
                return all;
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(FilePath) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new CliException(ExitCode.Files, $"{FilePath} can be written by others.", $"chmod 600 {FilePath}");
            if (new FileInfo(FilePath).Length > MaxFileBytes)
                throw Malformed();
            Read(File.ReadAllBytes(FilePath), all);
            return all;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Malformed();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"{FilePath} cannot be read: {e.Message}");
        }
    }

    /// <exception cref="CliException">As <see cref="Load"/>, or the file cannot be written.</exception>
    public static void Save(string name, Bookmark? bookmark)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                throw new IOException("only systems with file modes are supported.");
            Directory.CreateDirectory(Folders.Own, OwnerOnly | UnixFileMode.UserExecute);
            using FileStream held = Open(FilePath + ".lock", FileMode.OpenOrCreate); // two tools at once must not lose a name
            SortedDictionary<string, Bookmark> all = Load();
            if (bookmark is null)
                all.Remove(name);
            else
                all[name] = bookmark;
            string temporary = $"{FilePath}.{Environment.ProcessId}";
            using (FileStream file = Open(temporary, FileMode.Create))
            {
                Write(all, file);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, FilePath, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"{FilePath} cannot be written: {e.Message}");
        }
    }

    private static FileStream Open(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    private static void Read(byte[] json, SortedDictionary<string, Bookmark> all)
    {
        using var document = JsonDocument.Parse(json);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            string? Field(string name) => entry.Value.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
            string? fingerprint = Field("fingerprint");
            if (!Address.TryParse(Field("server"), out Address? server, out _) || (fingerprint is not null && !CertificateFingerprint.IsFingerprint(fingerprint)))
                throw Malformed();
            all[entry.Name] = new Bookmark(server, Field("user"), fingerprint);
        }
    }

    private static void Write(SortedDictionary<string, Bookmark> all, Stream file)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        foreach ((string name, Bookmark bookmark) in all)
        {
            json.WriteStartObject(name);
            json.WriteString("server"u8, bookmark.Server.ToString());
            if (bookmark.User is not null)
                json.WriteString("user"u8, bookmark.User);
            if (bookmark.Fingerprint is not null)
                json.WriteString("fingerprint"u8, bookmark.Fingerprint);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        file.Write(Encoding.ASCII.GetBytes("\n"));
    }

    private static CliException Malformed() => new(ExitCode.Files, $"{FilePath} is not a file of bookmarks.", "Move it away, and save the names anew with --save.");
}
