using System.Text.Json;

namespace Dialtone.Files;

/// <summary>The header of a request, read.</summary>
/// <remarks>PROTOCOL.md, Files: the fields. Unknown ones are ignored; a known one given twice ends the connection.</remarks>
internal sealed class NativeRequest
{
    private ulong _seen;

    public long? Id { get; private set; }

    /// <summary>The row of its command; null for an unknown one and for none.</summary>
    public NativeCommand? Command { get; private set; }

    /// <summary>Whether it names a command, known or not.</summary>
    public bool HasCommand { get; private set; }

    public string? Path { get; private set; }

    public string? To { get; private set; }

    public long? Size { get; private set; }

    public long? Offset { get; private set; }

    public long? Length { get; private set; }

    public DateTimeOffset? Modified { get; private set; }

    public UnixFileMode? Mode { get; private set; }

    /// <summary>The digest asked for: <c>crc32c</c> or <c>sha256</c>.</summary>
    public string? Verify { get; private set; }

    public uint? Crc32C { get; private set; }

    public string? Sha256 { get; private set; }

    public string? Upload { get; private set; }

    /// <summary>What to do about a file that stands there: <c>replace</c>, <c>new</c> or <c>next</c>.</summary>
    public string? Publish { get; private set; }

    public bool Chunked { get; private set; }

    public bool Parents { get; private set; }

    public bool Keep { get; private set; }

    public bool Recursive { get; private set; }

    public bool Overwrite { get; private set; }

    public string? After { get; private set; }

    public long? Limit { get; private set; }

    public string? Scram { get; private set; }

    public bool Key { get; private set; }

    public string? User { get; private set; }

    public long? Version { get; private set; }

    /// <summary>The tutorials' name of the file: <c>filename</c> or <c>file_name</c>.</summary>
    public string? TutorialName { get; private set; }

    /// <summary>The tutorials' length of the body: <c>filesize</c> or <c>file_size</c>.</summary>
    public long? TutorialSize { get; private set; }

    public string? Md5 { get; private set; }

    /// <summary>Which field is not what it should be; null if all are.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether it is a put of the tutorials: no path but a name of theirs.</summary>
    public bool IsTutorial => Path is null && TutorialName is not null;

    /// <summary>Whether bytes follow the header, so that a refusal must skip them.</summary>
    public bool HasBody => Command is { HasBody: true } || (!HasCommand && (IsTutorial || Path is not null));

    /// <summary>Reads a header.</summary>
    /// <exception cref="ProtocolException">It is no JSON object, or a field is given twice.</exception>
    public static NativeRequest Parse(ReadOnlySpan<byte> json)
    {
        var request = new NativeRequest();
        try
        {
            Utf8JsonReader reader = NativeJson.Open(json);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                request.ReadField(ref reader);
            if (reader.Read())
                throw NativeJson.Bad("goes on after its end");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NativeJson.Bad("is not JSON", e);
        }

        return request;
    }

    private void ReadField(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> name = NativeJson.NameOf(ref reader);
        reader.Read();
        // In the order in which a busy client needs them.
        if (name.SequenceEqual("id"u8))
            Id = Integer(ref reader, 0, "id");
        else if (name.SequenceEqual("cmd"u8))
            ReadCommand(ref reader);
        else if (name.SequenceEqual("path"u8))
            Path = Text(ref reader, 2, "path");
        else if (name.SequenceEqual("size"u8))
            Size = Count(ref reader, 3, "size");
        else if (name.SequenceEqual("mtime"u8))
            Modified = Check(4, "mtime", NativeJson.TryTime(ref reader, out DateTimeOffset? time)) ? time : null;
        else if (name.SequenceEqual("mode"u8))
            Mode = Check(5, "mode", NativeJson.TryMode(ref reader, out UnixFileMode? mode)) ? mode : null;
        else if (name.SequenceEqual("verify"u8))
            Verify = OneOf(ref reader, 6, "verify", "crc32c", "sha256");
        else if (name.SequenceEqual("crc32c"u8))
            Crc32C = Check(7, "crc32c", NativeJson.TryCrc(ref reader, out uint? crc)) ? crc : null;
        else if (name.SequenceEqual("parents"u8))
            Parents = Flag(ref reader, 8, "parents");
        else
            ReadRareField(name, ref reader);
        reader.Skip(); // what an object or array holds, where none belongs
    }

    private void ReadRareField(scoped ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        if (name.SequenceEqual("sha256"u8))
            Sha256 = Digest(ref reader, 9, "sha256", 64);
        else if (name.SequenceEqual("to"u8))
            To = Text(ref reader, 10, "to");
        else if (name.SequenceEqual("offset"u8))
            Offset = Count(ref reader, 11, "offset");
        else if (name.SequenceEqual("length"u8))
            Length = Count(ref reader, 12, "length");
        else if (name.SequenceEqual("upload"u8))
            Upload = Text(ref reader, 13, "upload");
        else if (name.SequenceEqual("publish"u8))
            Publish = OneOf(ref reader, 14, "publish", "replace", "new", "next");
        else if (name.SequenceEqual("chunked"u8))
            Chunked = Flag(ref reader, 15, "chunked");
        else if (name.SequenceEqual("keep"u8))
            Keep = Flag(ref reader, 16, "keep");
        else if (name.SequenceEqual("recursive"u8))
            Recursive = Flag(ref reader, 17, "recursive");
        else if (name.SequenceEqual("overwrite"u8))
            Overwrite = Flag(ref reader, 18, "overwrite");
        else if (name.SequenceEqual("after"u8))
            After = Text(ref reader, 19, "after");
        else if (name.SequenceEqual("limit"u8))
            Limit = Count(ref reader, 20, "limit");
        else if (name.SequenceEqual("scram"u8))
            Scram = Text(ref reader, 21, "scram");
        else if (name.SequenceEqual("key"u8))
            Key = Flag(ref reader, 22, "key");
        else if (name.SequenceEqual("user"u8))
            User = Text(ref reader, 23, "user");
        else if (name.SequenceEqual("version"u8))
            Version = Count(ref reader, 24, "version");
        else if (name.SequenceEqual("filename"u8) || name.SequenceEqual("file_name"u8))
            TutorialName = Text(ref reader, 25, "filename");
        else if (name.SequenceEqual("filesize"u8) || name.SequenceEqual("file_size"u8))
            TutorialSize = Count(ref reader, 26, "filesize");
        else if (name.SequenceEqual("md5"u8))
            Md5 = Digest(ref reader, 27, "md5", 32);
    }

    private void ReadCommand(ref Utf8JsonReader reader)
    {
        HasCommand = reader.TokenType != JsonTokenType.Null;
        if (Check(1, "cmd", reader.TokenType is JsonTokenType.String or JsonTokenType.Null) && HasCommand)
            Command = NativeCommand.Find(ref reader);
    }

    private string? Text(ref Utf8JsonReader reader, int field, string name) =>
        Check(field, name, NativeJson.TryString(ref reader, out string? value)) ? value : null;

    private long? Integer(ref Utf8JsonReader reader, int field, string name) =>
        Check(field, name, NativeJson.TryInteger(ref reader, out long? value)) ? value : null;

    /// <summary>A length, number or offset: never negative.</summary>
    private long? Count(ref Utf8JsonReader reader, int field, string name) =>
        Check(field, name, NativeJson.TryLength(ref reader, out long? value)) ? value : null;

    private bool Flag(ref Utf8JsonReader reader, int field, string name) =>
        Check(field, name, NativeJson.TryFlag(ref reader, out bool value)) && value;

    private string? OneOf(ref Utf8JsonReader reader, int field, string name, params ReadOnlySpan<string> words) =>
        Check(field, name, NativeJson.TryString(ref reader, out string? value) && (value is null || words.Contains(value))) ? value : null;

    private string? Digest(ref Utf8JsonReader reader, int field, string name, int digits) =>
        Check(field, name, NativeJson.TryString(ref reader, out string? value) && (value is null || (value.Length == digits && value.All(char.IsAsciiHexDigit))))
            ? value?.ToLowerInvariant()
            : null;

    private bool Check(int field, string name, bool isRight)
    {
        ulong bit = 1UL << field;
        if ((_seen & bit) != 0)
            throw NativeJson.Bad($"gives the field {name} twice");
        _seen |= bit;
        if (!isRight)
            Problem ??= $"The field {name} is not what it should be.";
        return isRight;
    }
}
