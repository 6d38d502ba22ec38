using System.Text;

namespace Dialtone.Files;

/// <summary>The fuller tutorial server's dialect (PROTOCOL.md, "Files with an account"): log-in, home folder, get, put, list, delete.</summary>
/// <remarks>
/// <c>ftp_authentication|USER|PASSWORD</c>, then <c>file_transfer|get|NAME</c>, <c>file_transfer|put|send_ready|NAME|SIZE</c>, <c>list_file|ARGS</c>,
/// <c>switch_dir|cd DIR</c>, <c>delete_file|NAME NAME…</c>; nothing ends them.
/// </remarks>
internal sealed class SampleTongue : UnframedTongue
{
    private const int MaxFailures = 3; // the client gives up then
    private const int MaxEntries = 10_000;  // of one list, over all its folders
    private const int MaxListed = 64;       // folders and files named in one list
    private const string Missing = "file_transfer::get_file::error::file does not exist or is a directory";
    private const string PutError = "file_transfer::put_file::error::";
    private const string NoFolder = "switch_dir::error::target dir doesn't exist";
    private const string WrongUsage = "switch_dir::error::Error:wrong command usage.";
    private const string FolderIs = "switch_dir::ok::";
    private static readonly byte[] GetAcknowledgement = "file_transfer::get_file::recv_ready"u8.ToArray();
    private static readonly byte[] ListAcknowledgement = "message_transfer::ready::client"u8.ToArray();
    private static readonly RequestWords LoginWord = new("ftp_authentication|");
    private static readonly RequestWords Words = new("ftp_authentication|", "file_transfer|", "list_file|", "switch_dir|", "delete_file|");

    private readonly FileService _service;

    /// <summary>A conversation.</summary>
    public SampleTongue(FileService service, Connection call)
        : base(service.Options, call, Look) => _service = service;

    /// <summary>Whether a conversation that begins so is in this dialect; null if more bytes must tell.</summary>
    public static bool? Begins(ReadOnlySpan<byte> first) => LoginWord.Match(first) switch { > 0 => true, 0 => null, _ => false };

    /// <inheritdoc/>
    protected override async ValueTask TalkAsync()
    {
        FileSession? session = await LoginAsync().ConfigureAwait(false);
        if (session is null)
            return;
        await using (session.ConfigureAwait(false))
        {
            await AnswerAsync("ftp_authentication::success").ConfigureAwait(false);
            IsKnown = true;
            while (await ReadRequestAsync().ConfigureAwait(false) is { } request)
                await ServeAsync(session, request).ConfigureAwait(false);
        }
    }

    /// <summary>The caller's session; null if it left, or failed three times.</summary>
    private async ValueTask<FileSession?> LoginAsync()
    {
        FileCaller caller = FileCaller.Of(Call, "sample", Options.DoorOpens);
        for (int failures = 0; failures < MaxFailures; failures++)
        {
            if (await ReadRequestAsync().ConfigureAwait(false) is not { } request)
                return null;
            string[] fields = request.Split('|');
            if (fields[0] != "ftp_authentication")
                throw new ProtocolException(ProtocolError.BadHeader, "Something was asked for before the log-in.");
            try
            {
                if (fields is [_, var user, var password])
                    return await _service.LoginAsync(caller, user, password, Call.Closing).ConfigureAwait(false);
            }
            catch (FileException)
            {
                // Wrong, expired, too many: the dialect has one word for them.
            }

            await AnswerAsync("ftp_authentication::failed").ConfigureAwait(false);
        }

        Logger.GaveUpOnLogin(Call.Id);
        return null;
    }

    private ValueTask ServeAsync(FileSession session, string request)
    {
        int bar = request.IndexOf('|', StringComparison.Ordinal);
        string rest = request[(bar + 1)..];
        switch (request[..bar])
        {
            case "list_file":
                return ListAsync(session, ShellWords.Split(rest));
            case "switch_dir":
                return SwitchFolderAsync(session, rest);
            case "delete_file":
                return DeleteAsync(session, ShellWords.Split(rest));
        }

        return request.Split('|') switch
        {
            ["file_transfer", "get", var name] => SendFileAsync(session, name, "file_transfer::get_file::send_ready::", Missing, GetAcknowledgement),
            ["file_transfer", "get", ..] => AnswerAsync(Missing), // no name, or a '|' in it
            ["file_transfer", "put", "send_ready", var name, var size] =>
                ReceiveFileAsync(session, name, size, PublishMode.NextFreeName, "file_transfer::put_file::recv_ready", PutError),
            ["file_transfer", "put", ..] => AnswerAsync(PutError + "wrong command usage"),
            _ => throw new ProtocolException(ProtocolError.BadHeader, "The dialect has no such request."),
        };
    }

    // ---- folders ----

    private async ValueTask SwitchFolderAsync(FileSession session, string command)
    {
        string target = command.StartsWith("cd", StringComparison.Ordinal) ? command[2..] : "?";
        if (target.Length > 0 && !char.IsWhiteSpace(target[0]))
        {
            await AnswerAsync(WrongUsage).ConfigureAwait(false);
            return;
        }

        target = target.Trim();
        try
        {
            await session.ChangeFolderAsync(session.Resolve(target.Length == 0 ? "/" : target), Call.Closing).ConfigureAwait(false);
        }
        catch (FileException)
        {
            // Several words may be one name; if they are none, they are too many.
            await AnswerAsync(target.Any(char.IsWhiteSpace) ? WrongUsage : NoFolder).ConfigureAwait(false);
            return;
        }

        await AnswerAsync(FolderIs + Shown(session.CurrentFolder)).ConfigureAwait(false);
    }

    /// <summary>A folder for the client's prompt: all of it where it fits into an answer, otherwise its end.</summary>
    private static string Shown(VirtualPath folder)
    {
        const string Cut = "/...";
        if (folder.IsRoot)
            return "";
        string text = folder.ToString();
        int room = MaxAnswerBytes - FolderIs.Length;
        if (Encoding.UTF8.GetByteCount(text) <= room)
            return text;
        int start = text.Length;
        int left = room - Encoding.UTF8.GetByteCount(Cut);
        while (start > 0)
        {
            int step = char.IsLowSurrogate(text[start - 1]) ? 2 : 1;
            int bytes = Encoding.UTF8.GetByteCount(text.AsSpan(start - step, step));
            if (bytes > left)
                break;
            left -= bytes;
            start -= step;
        }

        int slash = text.IndexOf('/', start);
        return Cut + text[(slash < 0 ? start : slash)..];
    }

    // ---- listing ----

    private async ValueTask ListAsync(FileSession session, List<string> arguments)
    {
        bool hidden = arguments.Any(word => word is "-a" or "-A" or "-la" or "-al" or "-lah");
        List<string> names = [.. arguments.Where(word => !word.StartsWith('-')).Take(MaxListed)];
        int room = MaxEntries;
        var text = new StringBuilder();
        foreach (string name in names.Count == 0 ? [""] : names)
        {
            if (names.Count > 1)
                text.Append(text.Length > 0 ? "\n" : "").Append(name).Append(":\n");
            try
            {
                room -= await AppendAsync(session, session.Resolve(name), hidden, room, text).ConfigureAwait(false);
            }
            catch (FileException e)
            {
                text.Append("cannot list '").Append(name).Append("': ").Append(e.Reason == FileError.Denied ? "permission denied" : "no such file or folder").Append('\n');
            }
        }

        byte[] content = Encoding.UTF8.GetBytes(text.ToString());
        await AnswerAsync($"message_transfer::ready::{content.Length}").ConfigureAwait(false);
        if (await Reader.TryTakeAsync(ListAcknowledgement, Call.Closing).ConfigureAwait(false))
            await Call.SendAsync(content).ConfigureAwait(false);
    }

    /// <summary>Appends a folder's entries, or a file: how many.</summary>
    private async ValueTask<int> AppendAsync(FileSession session, VirtualPath path, bool hidden, int room, StringBuilder text)
    {
        string owner = session.User ?? "-";
        DateTimeOffset now = Options.Time.GetUtcNow();
        FileEntry entry = await session.StatAsync(path, Call.Closing).ConfigureAwait(false);
        if (entry.Kind != FileKind.Folder)
        {
            LongListing.AppendEntries(text, [entry], owner, now);
            return 1;
        }

        var entries = new List<FileEntry>();
        bool hasMore = true;
        for (string? after = null; hasMore && entries.Count < room;)
        {
            FilePage page = await session.ListAsync(path, after, Math.Min(1000, room - entries.Count), Call.Closing).ConfigureAwait(false);
            entries.AddRange(hidden ? page.Entries : page.Entries.Where(found => !found.Name.StartsWith('.')));
            hasMore = page.HasMore && page.Entries.Count > 0;
            after = hasMore ? page.Entries[^1].Name : null;
        }

        LongListing.AppendFolder(text, entries, owner, now);
        if (hasMore)
            text.Append("(not all: this dialect lists ").Append(MaxEntries).Append(" at once)\n");
        return entries.Count;
    }

    // ---- deleting ----

    /// <summary>Nothing is answered, so what cannot be deleted is left, and logged.</summary>
    private async ValueTask DeleteAsync(FileSession session, List<string> names)
    {
        foreach (string name in names)
        {
            try
            {
                VirtualPath path = session.Resolve(name);
                if (session.CurrentFolder.IsWithin(path))
                    throw new FileException(FileError.Denied, "The caller stands in it.");
                await session.RemoveAsync(path, recursive: true, Call.Closing).ConfigureAwait(false);
            }
            catch (FileException e)
            {
                Logger.NotDeleted(Call.Id, e.Reason);
            }
        }
    }

    internal static Extent Look(ReadOnlySpan<byte> bytes)
    {
        int word = Words.Match(bytes);
        if (word <= 0)
            return word == 0 ? Extent.Part : Extent.Foreign;
        ReadOnlySpan<byte> rest = bytes[word..];
        if (bytes.StartsWith("file_transfer|put|send_ready|"u8))
            return RequestWords.UpToSize(bytes, "file_transfer|put|send_ready|".Length);
        bool mayBeWhole = bytes[0] switch
        {
            (byte)'f' when bytes[1] == 'i' => rest.StartsWith("get|"u8) && rest.Length > 4,
            (byte)'f' => rest.IndexOf((byte)'|') is > 0 and int bar && bar + 1 < rest.Length, // a password, perhaps not all of it
            (byte)'d' => false,                                                               // nobody waits for an answer
            _ => true,
        };
        return Words.UpToNextWord(bytes, word, mayBeWhole ? Extent.Open : Extent.Patient);
    }
}
