using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Dialtone;

/// <summary>The server's side of one SCRAM-SHA-256 or SCRAM-SHA-256-PLUS login (RFC 5802, 7677): messages in, messages out, no I/O.</summary>
/// <remarks>For one conversation and one caller at a time. It does no expensive hashing: the client does.</remarks>
public sealed class ScramServer
{
    /// <summary>The mechanism's name without channel binding.</summary>
    public const string Mechanism = "SCRAM-SHA-256";

    /// <summary>The mechanism's name with channel binding.</summary>
    public const string MechanismPlus = "SCRAM-SHA-256-PLUS";

    internal const string BindingFlag = "p=" + TlsServerEndPoint.Name;

    private readonly ScramAccounts _accounts;
    private readonly ReadOnlyMemory<byte> _channelBinding;
    private readonly bool _requireBinding;
    private readonly string _nonce;
    private Turn _turn = Turn.First;
    private ScramClientFirst _first;
    private ScramVerifier? _verifier;
    private string _name = "";
    private bool _known;
    private string _serverFirst = "";

    /// <summary>Waits for a client's first message.</summary>
    /// <param name="accounts">Who may log in.</param>
    /// <param name="channelBinding">The <c>tls-server-end-point</c> of this connection's certificate
    /// (<see cref="TlsServerEndPoint.Compute"/>); empty without TLS. When given, the server must also have offered
    /// <see cref="MechanismPlus"/>: a client that was told otherwise is refused, since someone changed the offer.</param>
    /// <param name="requireChannelBinding">Refuse clients that do not bind to the channel. Default false.</param>
    public ScramServer(ScramAccounts accounts, ReadOnlyMemory<byte> channelBinding = default, bool requireChannelBinding = false)
        : this(accounts, channelBinding, requireChannelBinding, ScramMessage.NewNonce())
    {
    }

    internal ScramServer(ScramAccounts accounts, ReadOnlyMemory<byte> channelBinding, bool requireChannelBinding, string nonce)
    {
        ArgumentNullException.ThrowIfNull(accounts);
        if (requireChannelBinding && channelBinding.IsEmpty)
            throw new ArgumentException("There is no channel to bind to.", nameof(requireChannelBinding));
        (_accounts, _channelBinding, _requireBinding, _nonce) = (accounts, channelBinding, requireChannelBinding, nonce);
    }

    private enum Turn
    {
        First,
        Final,
        Over,
    }

    /// <summary>Who logged in, the name prepared with <see cref="CredentialRules.Prepare"/>, once <see cref="Receive"/> has returned <see cref="ScramStatus.Succeeded"/>; null before.</summary>
    public string? UserName { get; private set; }

    /// <summary>Whether the login was bound to the TLS channel.</summary>
    [MemberNotNullWhen(true, nameof(UserName))]
    public bool ChannelBound { get; private set; }

    /// <summary>Takes the client's next message.</summary>
    public ScramStep Receive(ReadOnlySpan<byte> message)
    {
        ScramStep step = _turn switch
        {
            Turn.First => ReceiveFirst(message),
            Turn.Final => ReceiveFinal(message),
            _ => ScramStep.Failed(ScramError.OutOfTurn),
        };
        _turn = step.Status == ScramStatus.Continue ? Turn.Final : Turn.Over;
        return step;
    }

    private ScramStep ReceiveFirst(ReadOnlySpan<byte> message)
    {
        if (!ScramMessage.TryClientFirst(message, out _first))
            return ScramStep.Failed(ScramError.Malformed, "e=other-error");
        if (_first.Authorization is { } other && other != _first.Name)
            return ScramStep.Failed(ScramError.Malformed, "e=other-error");
        if (BindingProblem() is { } problem)
            return ScramStep.Failed(ScramError.ChannelBinding, "e=" + problem);
        _name = CredentialRules.IsName(_first.Name) ? CredentialRules.Prepare(_first.Name) : _first.Name;
        _verifier = _accounts.Find(_name, out _known);
        _serverFirst = FormattableString.Invariant(
            $"r={_first.Nonce}{_nonce},s={Convert.ToBase64String(_verifier.Salt)},i={_verifier.Iterations}");
        return ScramStep.Continue(_serverFirst);
    }

    private ScramStep ReceiveFinal(ReadOnlySpan<byte> message)
    {
        if (!ScramMessage.TryClientFinal(message, out ScramClientFinal final))
            return ScramStep.Failed(ScramError.Malformed, "e=other-error");
        if (final.Nonce != _first.Nonce + _nonce)
            return ScramStep.Failed(ScramError.WrongNonce, "e=other-error");
        byte[] channel = ScramKeys.ChannelInput(_first.Header, _channelBinding);
        if (!CryptographicOperations.FixedTimeEquals(channel, final.Channel))
            return ScramStep.Failed(ScramError.ChannelBinding, "e=channel-bindings-dont-match");
        string authMessage = $"{_first.Bare},{_serverFirst},{final.WithoutProof}";
        byte[] clientKey = ScramKeys.Sign(_verifier!.StoredKey, authMessage);
        ScramKeys.Xor(clientKey, final.Proof);
        bool proven = CryptographicOperations.FixedTimeEquals(ScramKeys.StoredKey(clientKey), _verifier.StoredKey);
        CryptographicOperations.ZeroMemory(clientKey);
        byte[] signature = ScramKeys.Sign(_verifier.ServerKey, authMessage);
        if (!(proven & _known))
            return ScramStep.Failed(ScramError.InvalidProof, "e=invalid-proof");
        UserName = _name;
        ChannelBound = _first.BindingFlag == BindingFlag;
        return ScramStep.Succeeded("v=" + Convert.ToBase64String(signature));
    }

    // RFC 5802 §6. "y" says "I could bind but you cannot": with a binding at hand that is a forged offer.
    private string? BindingProblem() => (_first.BindingFlag, _channelBinding.IsEmpty) switch
    {
        ("n", _) => _requireBinding ? "server-does-support-channel-binding" : null,
        ("y", false) => "server-does-support-channel-binding",
        ("y", true) => null,
        (BindingFlag, true) => "channel-binding-not-supported",
        (BindingFlag, false) => null,
        _ => "unsupported-channel-binding-type",
    };
}
