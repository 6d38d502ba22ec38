using System.Text;

namespace Dialtone.Files;

/// <summary>The client's side of a log-in by SCRAM inside the native protocol.</summary>
internal static class ScramLogin
{
    public static async Task RunAsync(NativeChannel channel, string user, string password, CancellationToken cancellationToken)
    {
        ScramClient scram;
        try
        {
            scram = new ScramClient(user, password, new ScramClientOptions { ChannelBinding = channel.Connection.ChannelBinding });
        }
        catch (ArgumentException e)
        {
            throw new FileException(FileError.LoginFailed, e.Message, e);
        }

        ReadOnlyMemory<byte> message = scram.Start();
        while (true)
        {
            string text = Encoding.UTF8.GetString(message.Span);
            NativeReply reply = await channel.CallAsync("login", json => json.WriteString("scram"u8, text), cancellationToken).ConfigureAwait(false);
            // Hashing takes a good part of a second.
            ScramStep step = await Task.Run(() => scram.Receive(Encoding.UTF8.GetBytes(reply.Scram ?? "")), cancellationToken).ConfigureAwait(false);
            if (step.Status == ScramStatus.Succeeded)
                return;
            if (step.Status == ScramStatus.Failed)
            {
                throw step.Error == ScramError.Refused
                    ? new FileException(FileError.LoginFailed, "The server refused the name or the password.")
                    : new TrustException(TrustError.ServerNotProven, $"The server did not prove that it knows the account ({step.Error}).");
            }

            message = step.Reply;
        }
    }
}
