//! Buckets of S3, and of whatever speaks its protocol. What is here beside the library is that it asks through our one HTTP client.

use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, Error, RetryConfig};
use std::time::Duration;

/// Without a connection in this time the store is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A store that is silent for so long is not there any more; the library asks again.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// A sweep that fails is made again anyway, and who watches a replay does not wait for ever.
const RETRIES_MAX: usize = 3;

/// The bucket of `s3://BUCKET/…`; where it is and who we are to it say the variables `AWS_…`, as for every tool of the kind.
pub(super) fn bucket(url: &str) -> Result<AmazonS3, Error> {
    built(AmazonS3Builder::from_env().with_url(url))
}

fn built(builder: AmazonS3Builder) -> Result<AmazonS3, Error> {
    builder
        .with_http_connector(Connector)
        .with_retry(RetryConfig {
            max_retries: RETRIES_MAX,
            ..RetryConfig::default()
        })
        .build()
}

#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    /// What the options say is for the library's own client.
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient, Error> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_MAX)
            .build()
            .map_err(|error| Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?;
        Ok(HttpClient::new(Client(client)))
    }
}

#[derive(Debug)]
struct Client(reqwest::Client);

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = request.map(reqwest::Body::wrap).try_into().map_err(failed)?;
        let response: http::Response<reqwest::Body> = self.0.execute(request).await.map_err(failed)?.into();
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

/// Told as what the library knows to try again, or not.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else if error.is_request() || error.is_body() {
        HttpErrorKind::Interrupted
    } else {
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, error.without_url())
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::server::conn::auto;
    use s3s::auth::SimpleAuth;
    use s3s::service::S3ServiceBuilder;
    use s3s_fs::FileSystem;
    use tempfile::TempDir;
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    const KEY: &str = "key";

    /// A server that speaks S3 and keeps what it gets in a folder.
    pub(crate) struct Server {
        endpoint: String,
        accepting: JoinHandle<()>,
        _folder: TempDir,
    }

    impl Server {
        /// Whose secret is `right`.
        pub(crate) async fn start(bucket: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join(bucket)).unwrap();
            let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
            builder.set_auth(SimpleAuth::from_single(KEY, "right"));
            let service = builder.build();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint = format!("http://{}", listener.local_addr().unwrap());
            let accepting = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let service = service.clone();
                    tokio::spawn(async move {
                        let http = auto::Builder::new(TokioExecutor::new());
                        let _gone = http.serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            });
            Self {
                endpoint,
                accepting,
                _folder: folder,
            }
        }

        pub(crate) fn endpoint(&self) -> String {
            self.endpoint.clone()
        }

        pub(crate) fn bucket(&self, bucket: &str, secret: &str) -> AmazonS3 {
            bucket_at(&self.endpoint, bucket, secret)
        }
    }

    pub(crate) fn bucket_at(endpoint: &str, bucket: &str, secret: &str) -> AmazonS3 {
        let builder = AmazonS3Builder::new()
            .with_url(format!("s3://{bucket}"))
            .with_endpoint(endpoint)
            .with_allow_http(true)
            .with_access_key_id(KEY)
            .with_secret_access_key(secret);
        built(builder).unwrap()
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.accepting.abort();
        }
    }
}
