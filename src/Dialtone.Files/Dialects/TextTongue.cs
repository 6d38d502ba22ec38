namespace Dialtone.Files;

/// <summary>The tutorials' file transfer by text (PROTOCOL.md, "Files by text"): no account, one folder, get, and put under the same prefix.</summary>
/// <remarks><c>FileTransfer|get|NAME</c> and <c>FileTransfer|put|NAME|SIZE</c>; nothing ends them.</remarks>
internal sealed class TextTongue : UnframedTongue
{
    private const string Missing = "FileTransfer|get|file doesn't exist";
    private static readonly byte[] Acknowledgement = "FileTransfer|get|recv_ready"u8.ToArray();
    private static readonly RequestWords Words = new("FileTransfer|");

    private readonly FileService _service;

    /// <summary>A conversation.</summary>
    public TextTongue(FileService service, Connection call)
        : base(service.Options, call, Look) => _service = service;

    /// <summary>Whether a conversation that begins so is in this dialect; null if more bytes must tell.</summary>
    public static bool? Begins(ReadOnlySpan<byte> first) => Words.Match(first) switch { > 0 => true, 0 => null, _ => false };

    /// <inheritdoc/>
    protected override async ValueTask TalkAsync()
    {
        FileSession session;
        try
        {
            session = _service.OpenAnonymous(FileCaller.Of(Call, "text", Options.DoorOpens));
        }
        catch (FileException)
        {
            // The only refusal its clients understand.
            Logger.NobodyMayAsk(Call.Id);
            if (await ReadRequestAsync().ConfigureAwait(false) is not null)
                await AnswerAsync(Missing).ConfigureAwait(false);
            return;
        }

        await using (session.ConfigureAwait(false))
        {
            IsKnown = true;
            while (await ReadRequestAsync().ConfigureAwait(false) is { } request)
                await ServeAsync(session, request.Split('|')).ConfigureAwait(false);
        }
    }

    private ValueTask ServeAsync(FileSession session, string[] fields) => fields switch
    {
        [_, "get", var name] => SendFileAsync(session, name, "FileTransfer|get|ready|", Missing, Acknowledgement),
        [_, "get", ..] => AnswerAsync(Missing), // no name, or a '|' in it
        [_, "put", var name, var size] =>
            ReceiveFileAsync(session, name, size, PublishMode.Replace, "FileTransfer|put|recv_ready", "FileTransfer|put|error|"),
        [_, "put", ..] => AnswerAsync("FileTransfer|put|error|wrong command usage"),
        _ => throw new ProtocolException(ProtocolError.BadHeader, "The dialect has no such request."),
    };

    internal static Extent Look(ReadOnlySpan<byte> bytes)
    {
        int word = Words.Match(bytes);
        if (word <= 0)
            return word == 0 ? Extent.Part : Extent.Foreign;
        ReadOnlySpan<byte> rest = bytes[word..];
        if (rest.StartsWith("put|"u8))
            return RequestWords.UpToSize(bytes, word + 4);
        return Words.UpToNextWord(bytes, word, rest.StartsWith("get|"u8) && rest.Length > 4 ? Extent.Open : Extent.Patient);
    }
}
