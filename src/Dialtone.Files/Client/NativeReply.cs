using System.Text.Json;

namespace Dialtone.Files;

/// <summary>The header of an answer or of a trailer, read. Unknown fields are ignored.</summary>
internal sealed class NativeReply
{
    public long? Id { get; private set; }

    public bool Ok { get; private set; }

    public string? Error { get; private set; }

    public string? Message { get; private set; }

    public long? Size { get; private set; }

    public long? Total { get; private set; }

    public DateTimeOffset? Modified { get; private set; }

    public UnixFileMode? Mode { get; private set; }

    public uint? Crc32C { get; private set; }

    public string? Sha256 { get; private set; }

    public bool More { get; private set; }

    public string? Upload { get; private set; }

    public long? Offset { get; private set; }

    public long? Length { get; private set; }

    public string? Scram { get; private set; }

    public string? User { get; private set; }

    public string? Rights { get; private set; }

    public string? Server { get; private set; }

    public long? Version { get; private set; }

    public string? Type { get; private set; }

    public string? Path { get; private set; }

    public string? Name { get; private set; }

    public long? Bytes { get; private set; }

    public long? Files { get; private set; }

    public long? MaxBytes { get; private set; }

    public long? MaxFiles { get; private set; }

    /// <summary>The refusal it carries, fit for a terminal.</summary>
    public FileException ToException() =>
        new(FileErrorCode.Parse(Error ?? ""), Message is { Length: > 0 } text ? Printable.Of(text, 500) : $"The server answered {Printable.Of(Error ?? "nothing")}.");

    /// <summary>Reads a header, or a line of a listing.</summary>
    /// <exception cref="ProtocolException">It is none, or a field is not what it should be.</exception>
    public static NativeReply Parse(ReadOnlySpan<byte> json)
    {
        var reply = new NativeReply();
        try
        {
            Utf8JsonReader reader = NativeJson.Open(json);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadOnlySpan<byte> name = NativeJson.NameOf(ref reader);
                reader.Read();
                if (!reply.ReadField(name, ref reader))
                    throw NativeJson.Bad("has a field that is not what it should be");
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NativeJson.Bad("is not JSON", e);
        }

        return reply;
    }

    private bool ReadField(scoped ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        bool isRight;
        if (name.SequenceEqual("id"u8))
            (isRight, Id) = (NativeJson.TryInteger(ref reader, out long? id), id);
        else if (name.SequenceEqual("ok"u8))
            (isRight, Ok) = (NativeJson.TryFlag(ref reader, out bool ok), ok);
        else if (name.SequenceEqual("size"u8))
            (isRight, Size) = (NativeJson.TryLength(ref reader, out long? size), size);
        else if (name.SequenceEqual("total"u8))
            (isRight, Total) = (NativeJson.TryLength(ref reader, out long? total), total);
        else if (name.SequenceEqual("mtime"u8))
            (isRight, Modified) = (NativeJson.TryTime(ref reader, out DateTimeOffset? time), time);
        else if (name.SequenceEqual("mode"u8))
            (isRight, Mode) = (NativeJson.TryMode(ref reader, out UnixFileMode? mode), mode);
        else if (name.SequenceEqual("crc32c"u8))
            (isRight, Crc32C) = (NativeJson.TryCrc(ref reader, out uint? crc), crc);
        else if (name.SequenceEqual("type"u8))
            (isRight, Type) = (NativeJson.TryString(ref reader, out string? type), type);
        else if (name.SequenceEqual("path"u8))
            (isRight, Path) = (NativeJson.TryString(ref reader, out string? path), path);
        else if (name.SequenceEqual("name"u8))
            (isRight, Name) = (NativeJson.TryString(ref reader, out string? own), own);
        else
            isRight = ReadRareField(name, ref reader);
        return isRight;
    }

    private bool ReadRareField(scoped ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        bool isRight = true;
        if (name.SequenceEqual("error"u8))
            (isRight, Error) = (NativeJson.TryString(ref reader, out string? error), error);
        else if (name.SequenceEqual("message"u8))
            (isRight, Message) = (NativeJson.TryString(ref reader, out string? message), message);
        else if (name.SequenceEqual("sha256"u8))
            (isRight, Sha256) = (NativeJson.TryString(ref reader, out string? sha256), sha256);
        else if (name.SequenceEqual("more"u8))
            (isRight, More) = (NativeJson.TryFlag(ref reader, out bool more), more);
        else if (name.SequenceEqual("upload"u8))
            (isRight, Upload) = (NativeJson.TryString(ref reader, out string? upload), upload);
        else if (name.SequenceEqual("offset"u8))
            (isRight, Offset) = (NativeJson.TryLength(ref reader, out long? offset), offset);
        else if (name.SequenceEqual("length"u8))
            (isRight, Length) = (NativeJson.TryLength(ref reader, out long? length), length);
        else if (name.SequenceEqual("scram"u8))
            (isRight, Scram) = (NativeJson.TryString(ref reader, out string? scram), scram);
        else if (name.SequenceEqual("user"u8))
            (isRight, User) = (NativeJson.TryString(ref reader, out string? user), user);
        else if (name.SequenceEqual("rights"u8))
            (isRight, Rights) = (NativeJson.TryString(ref reader, out string? rights), rights);
        else if (name.SequenceEqual("server"u8))
            (isRight, Server) = (NativeJson.TryString(ref reader, out string? server), server);
        else if (name.SequenceEqual("version"u8))
            (isRight, Version) = (NativeJson.TryLength(ref reader, out long? version), version);
        else if (name.SequenceEqual("bytes"u8))
            (isRight, Bytes) = (NativeJson.TryLength(ref reader, out long? bytes), bytes);
        else if (name.SequenceEqual("files"u8))
            (isRight, Files) = (NativeJson.TryLength(ref reader, out long? files), files);
        else if (name.SequenceEqual("max_bytes"u8))
            (isRight, MaxBytes) = (NativeJson.TryLength(ref reader, out long? maxBytes), maxBytes);
        else if (name.SequenceEqual("max_files"u8))
            (isRight, MaxFiles) = (NativeJson.TryLength(ref reader, out long? maxFiles), maxFiles);
        return isRight;
    }
}

