//! Calls GetCallerIdentity with the credentials of the SDK's default search.

use aws_config::BehaviorVersion;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), aws_sdk_sts::Error> {
    if std::env::args().nth(1).as_deref() == Some("version") {
        println!("{}", aws_sdk_sts::meta::PKG_VERSION);
        return Ok(());
    }
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let identity = aws_sdk_sts::Client::new(&config)
        .get_caller_identity()
        .send()
        .await?;
    println!("{}", identity.arn().unwrap_or_default());
    Ok(())
}
