#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A look into a bucket behind the driver's back: S3 in the standard library's terms, signed by code
that shares nothing with the driver's.

    s3.py names BUCKET           keys of all objects, and key?upload of all pending uploads
    s3.py parts BUCKET           how many parts all pending uploads have
    s3.py get BUCKET KEY         the object's bytes
    s3.py head BUCKET KEY        its headers
    s3.py tags BUCKET KEY
    s3.py put BUCKET KEY [HEADER=VALUE...]    stdin becomes an object
    s3.py begin BUCKET KEY       begins a multipart upload nobody ends
    s3.py fill BUCKET COUNT SIZE PREFIX    COUNT objects of SIZE bytes: PREFIX-100000, ...
    s3.py delete BUCKET KEY
    s3.py make BUCKET
    s3.py purge BUCKET           all of it; a bucket that is not there is fine

S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY and S3_CA_FILE say where and who (tests/support/radosgw.sh).
"""
import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import os
import ssl
import sys
import threading
import urllib.parse
import xml.etree.ElementTree

REGION = "us-east-1"


def quote(text, safe="-_.~"):
    return urllib.parse.quote(text, safe=safe)


class Failure(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]!r}")
        self.status = status


class S3:
    def __init__(self, endpoint, access, secret, ca_file=None):
        self.url = urllib.parse.urlsplit(endpoint)
        self.access, self.secret, self.ca_file = access, secret, ca_file
        self.local = threading.local()

    def connection(self):
        if not hasattr(self.local, "connection"):
            if self.url.scheme == "https":
                context = ssl.create_default_context(cafile=self.ca_file)
                self.local.connection = http.client.HTTPSConnection(self.url.netloc, context=context)
            else:
                self.local.connection = http.client.HTTPConnection(self.url.netloc)
        return self.local.connection

    def sign(self, method, path, query, now, more=None):
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {"host": self.url.netloc, "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
                   "x-amz-date": stamp, **(more or {})}
        names = ";".join(sorted(headers))
        canonical = "\n".join([method, path, query,
                               *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                               "UNSIGNED-PAYLOAD"])
        scope = f"{day}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret).encode()
        for step in (day, REGION, "s3", "aws4_request", text):
            key = hmac.new(key, step.encode(), hashlib.sha256).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access}/{scope},"
                                    f"SignedHeaders={names},Signature={key.hex()}")
        return headers

    def signed(self, method, bucket, key="", query=None, more=None):
        """The URL of a request, and its headers."""
        path = "/" + quote(bucket) + ("/" + quote(key, "-_.~/") if key else "")
        text = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted((query or {}).items()))
        headers = self.sign(method, path, text, datetime.datetime.now(datetime.timezone.utc), more)
        return self.url.geturl() + path + ("?" + text if text else ""), headers

    def request(self, method, bucket, key="", query=None, body=b"", more=None):
        url, headers = self.signed(method, bucket, key, query, more)
        for last in (False, True):
            connection = self.connection()
            try:
                connection.request(method, url, body, headers)
                response = connection.getresponse()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                del self.local.connection  # it was kept too long
                if last:
                    raise
        data = response.read()
        if response.status >= 300:
            raise Failure(response.status, data)
        return response, data

    def xml(self, bucket, query, key=""):
        root = xml.etree.ElementTree.fromstring(self.request("GET", bucket, key, query)[1])
        for element in root.iter():
            element.tag = element.tag.rsplit("}", 1)[-1]
        return root

    def keys(self, bucket):
        query = {"list-type": "2"}
        while True:
            page = self.xml(bucket, query)
            yield from (element.text for element in page.findall("Contents/Key"))
            if page.findtext("IsTruncated") != "true":
                return
            query["continuation-token"] = page.findtext("NextContinuationToken")

    def uploads(self, bucket):
        for upload in self.xml(bucket, {"uploads": ""}).findall("Upload"):
            yield upload.findtext("Key"), upload.findtext("UploadId")

    def fill(self, bucket, count, size, prefix):
        def put(number):
            self.request("PUT", bucket, f"{prefix}-{number}", body=b"x" * size)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in pool.map(put, range(100_000, 100_000 + count)):
                pass

    def purge(self, bucket):
        try:
            for key, upload in list(self.uploads(bucket)):
                self.request("DELETE", bucket, key, {"uploadId": upload})
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for _ in pool.map(lambda key: self.request("DELETE", bucket, key),
                                  list(self.keys(bucket))):
                    pass
            self.request("DELETE", bucket)
        except Failure as failure:
            if failure.status != 404:
                raise


def from_environment():
    env = os.environ
    return S3(env["S3_ENDPOINT"], env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"], env.get("S3_CA_FILE"))


def main():
    s3, (action, bucket, *rest) = from_environment(), sys.argv[1:]
    if action == "names":
        names = list(s3.keys(bucket)) + [f"{key}?{upload}" for key, upload in s3.uploads(bucket)]
        print("".join(name + "\n" for name in names), end="")
    elif action == "parts":
        print(sum(len(s3.xml(bucket, {"uploadId": upload}, key).findall("Part"))
                  for key, upload in list(s3.uploads(bucket))))
    elif action == "get":
        sys.stdout.buffer.write(s3.request("GET", bucket, rest[0])[1])
    elif action == "head":
        for name, value in s3.request("HEAD", bucket, rest[0])[0].getheaders():
            print(f"{name.lower()}: {value}")
    elif action == "tags":
        for tag in s3.xml(bucket, {"tagging": ""}, rest[0]).iter("Tag"):
            print(f"{tag.findtext('Key')}: {tag.findtext('Value')}")
    elif action == "put":
        s3.request("PUT", bucket, rest[0], body=sys.stdin.buffer.read(),
                   more=dict(word.split("=", 1) for word in rest[1:]))
    elif action == "begin":
        s3.request("POST", bucket, rest[0], {"uploads": ""})
    elif action == "fill":
        s3.fill(bucket, int(rest[0]), int(rest[1]), rest[2])
    elif action == "delete":
        s3.request("DELETE", bucket, rest[0])
    elif action == "make":
        s3.request("PUT", bucket)
    elif action == "purge":
        s3.purge(bucket)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"s3.py: {failure}")
