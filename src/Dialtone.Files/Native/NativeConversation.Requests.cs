using System.Reflection;
using System.Text.Json;

namespace Dialtone.Files;

/// <content>Who is there, and everything short.</content>
internal sealed partial class NativeConversation
{
    private static readonly string Program = "dialtone/" + (typeof(NativeConversation).Assembly.GetName().Version?.ToString(3) ?? "0");

    /// <summary>hello: what both sides speak.</summary>
    public ValueTask HelloAsync(NativeRequest request)
    {
        if (request.Version is < NativeLimits.Version)
            throw new FileException(FileError.Unsupported, $"This server speaks version {NativeLimits.Version} and later.");
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteNumber("version"u8, NativeLimits.Version);
        json.WriteString("server"u8, Program);
        WriteCaller(json);
        _output.End();
        return default;
    }

    /// <summary>ping: a sign of life.</summary>
    public ValueTask PingAsync(NativeRequest request)
    {
        Yes(request);
        return default;
    }

    /// <summary>whoami: whom the server takes the caller for.</summary>
    public ValueTask WhoAmIAsync(NativeRequest request)
    {
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        WriteCaller(json);
        _output.End();
        return default;
    }

    /// <summary>login: by key at once, by SCRAM in two steps.</summary>
    public async ValueTask LoginAsync(NativeRequest request)
    {
        if (_session?.User is not null)
            throw new FileException(FileError.BadRequest, "Somebody has logged in on this connection; use another.");
        try
        {
            if (request.Key)
                await EnterAsync(service.LoginByKey(_caller, request.User), request, null).ConfigureAwait(false);
            else
                await ScramAsync(request).ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason == FileError.LoginFailed && ++_failedLogins >= NativeLimits.MaxFailedLogins)
        {
            logger.TooManyLogins(connection.Id, _failedLogins);
            _isOver = true;
            throw;
        }
    }

    /// <summary>quota: what is used, and what may be.</summary>
    public async ValueTask QuotaAsync(NativeRequest request)
    {
        UsageReport usage = await Session.UsageAsync().ConfigureAwait(false);
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteNumber("bytes"u8, usage.Used.Bytes);
        json.WriteNumber("files"u8, usage.Used.Files);
        if (usage.Quota?.Bytes is { } bytes)
            json.WriteNumber("max_bytes"u8, bytes);
        if (usage.Quota?.Files is { } files)
            json.WriteNumber("max_files"u8, files);
        _output.End();
    }

    /// <summary>stat: what stands at a path.</summary>
    public async ValueTask StatAsync(NativeRequest request)
    {
        FileEntry entry = await Session.StatAsync(PathOf(request.Path)).ConfigureAwait(false);
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        json.WriteString("type"u8, Listing.TypeOf(entry.Kind));
        json.WriteNumber("total"u8, entry.Size);
        NativeJson.WriteAttributes(json, entry.Modified, entry.Mode);
        _output.End();
    }

    /// <summary>mkdir: a folder, with its parents if asked for.</summary>
    public async ValueTask MakeFolderAsync(NativeRequest request)
    {
        await Session.MakeFolderAsync(PathOf(request.Path), request.Parents).ConfigureAwait(false);
        Yes(request);
    }

    /// <summary>remove: a file, a link, a folder.</summary>
    public async ValueTask RemoveAsync(NativeRequest request)
    {
        await Session.RemoveAsync(PathOf(request.Path), request.Recursive).ConfigureAwait(false);
        Yes(request);
    }

    /// <summary>rename.</summary>
    public async ValueTask RenameAsync(NativeRequest request)
    {
        await Session.RenameAsync(PathOf(request.Path), PathOf(request.To), request.Overwrite).ConfigureAwait(false);
        Yes(request);
    }

    /// <summary>copy: on the server.</summary>
    public async ValueTask CopyAsync(NativeRequest request)
    {
        await Session.CopyAsync(PathOf(request.Path), PathOf(request.To), request.Overwrite).ConfigureAwait(false);
        Yes(request);
    }

    /// <summary>set: modification time and permission bits.</summary>
    public async ValueTask SetAttributesAsync(NativeRequest request)
    {
        await Session.SetAttributesAsync(PathOf(request.Path), request.Modified, request.Mode).ConfigureAwait(false);
        Yes(request);
    }

    private async ValueTask ScramAsync(NativeRequest request)
    {
        byte[] message = System.Text.Encoding.UTF8.GetBytes(request.Scram ?? throw new FileException(FileError.BadRequest, "The log-in has neither a key nor a SCRAM message."));
        if (connection.Tls is not null && connection.ChannelBinding.IsEmpty)
            throw new FileException(FileError.Failed, "This TLS connection offers no channel binding.");
        ScramServer scram = _scram ?? new ScramServer(service.ScramAccounts, connection.ChannelBinding, requireChannelBinding: !connection.ChannelBinding.IsEmpty);
        bool isFirst = _scram is null;
        _scram = null; // a failure of any kind leaves nothing behind
        if (isFirst)
            _scramUser = ScramName(request.Scram);
        ScramStep step = scram.Receive(message);
        switch (step.Status)
        {
            case ScramStatus.Continue:
                _scram = scram;
                _output.BeginYes(request.Id).WriteString("scram"u8, step.Reply.Span);
                _output.End();
                break;
            case ScramStatus.Succeeded:
                await EnterAsync(service.Login(_caller, scram.UserName!), request, step.Reply).ConfigureAwait(false);
                break;
            default:
                throw service.RefuseLogin(_caller, _scramUser, "scram");
        }
    }

    private string? _scramUser; // for the record of a log-in that fails

    private static string? ScramName(string message) =>
        message.Split(',') is [_, _, ['n', '=', .. var name], ..] ? name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal) : null;

    private async ValueTask EnterAsync(FileSession session, NativeRequest request, ReadOnlyMemory<byte>? scram)
    {
        if (_session is not null)
            await _session.DisposeAsync().ConfigureAwait(false);
        _session = session;
        connection.User = session.User;
        Utf8JsonWriter json = _output.BeginYes(request.Id);
        if (scram is { } proof)
            json.WriteString("scram"u8, proof.Span);
        WriteCaller(json);
        _output.End();
    }

    private void WriteCaller(Utf8JsonWriter json)
    {
        if (_session?.User is { } user)
            json.WriteString("user"u8, user);
        FileRights rights = _session?.RightsAt(VirtualPath.Root) ?? (Options.Anonymous | (Options.DoorOpens ? FileRights.Browse | FileRights.Write : FileRights.None));
        json.WriteString("rights"u8, FileRightsText.Format(rights));
    }
}
