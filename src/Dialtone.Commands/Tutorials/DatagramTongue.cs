using System.Text;

namespace Dialtone.Commands;

/// <summary>Speaks to the tutorials' clients of remote commands over datagrams: one datagram in, one out. PROTOCOL.md has the bytes.</summary>
internal sealed class DatagramTongue(CommandService service, Encoding? encoding)
{
    /// <summary>What UDP over IPv4 can carry.</summary>
    private const int MaxReplyBytes = 65_507;

    private const int MaxCharacterBytes = 4;

    /// <summary>A caller over datagrams cannot be seen to leave, so its command does not run for ever.</summary>
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(1);

    // One byte more than a reply holds, so that one too long is known as such.
    private readonly CommandLimits _limits = new() { OutputBytes = (4 * MaxReplyBytes) + 1, Time = LongestRun };

    public async ValueTask ReplyAsync(Datagram datagram)
    {
        string line = Encoding.UTF8.GetString(datagram.Payload.Span).TrimEnd('\r', '\n');
        if (line.Length == 0)
        {
            await datagram.ReplyAsync(default).ConfigureAwait(false);
            return;
        }

        using var deadline = new StopDeadline(service.Options, datagram.Closing);
        try
        {
            var caller = new CommandCaller(datagram.From?.ToString(), null);
            using TutorialReply reply = await TutorialReply.MakeAsync(
                service, line, caller, encoding, _limits, () => CommandEnd.ServerStopping, deadline.Token).ConfigureAwait(false);
            await datagram.ReplyAsync(await FitAsync(reply.Content).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.Token.IsCancellationRequested)
        {
            // The server is stopping; a datagram that gets no answer is one of the things that happen to datagrams.
        }
    }

    private async Task<byte[]> FitAsync(Spool content)
    {
        Encoding used = encoding ?? Encoding.UTF8;
        byte[] note = used.GetBytes(TutorialReply.Note(MaxReplyBytes));
        bool fits = content.Length <= MaxReplyBytes;
        int room = fits ? (int)content.Length : MaxReplyBytes - note.Length;
        var reply = new byte[fits ? room : MaxReplyBytes];
        await content.Open().ReadExactlyAsync(reply.AsMemory(0, room)).ConfigureAwait(false);
        if (fits)
            return reply;
        room = WholeCharacters(reply.AsSpan(0, room), used);
        note = used.GetBytes(TutorialReply.Note(room));
        note.CopyTo(reply, room);
        return reply[..(room + note.Length)];
    }

    /// <summary>The length without a last character that was cut; all of it where it is no text.</summary>
    private static int WholeCharacters(ReadOnlySpan<byte> text, Encoding encoding)
    {
        var strict = (Encoding)encoding.Clone();
        strict.DecoderFallback = DecoderFallback.ExceptionFallback;
        for (int length = text.Length; length > text.Length - MaxCharacterBytes; length--)
        {
            try
            {
                _ = strict.GetCharCount(text[..length]);
                return length;
            }
            catch (DecoderFallbackException)
            {
                // Perhaps without its last byte.
            }
        }

        return text.Length;
    }
}
