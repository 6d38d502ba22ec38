namespace Dialtone;

/// <summary>Whose proof a channel-bound MAC is.</summary>
internal enum ChannelBoundRole
{
    Client,
    Server,
}
