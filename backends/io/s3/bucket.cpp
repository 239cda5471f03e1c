// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/bucket.h"

#include "backends/io/digest.h"
#include "backends/io/s3/answer.h"
#include "backends/io/s3/part_plan.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

// A completion of thousands of parts takes a service its time, in which it may say nothing.
constexpr std::chrono::seconds kCompletionStall{300};
constexpr size_t kPageObjects = 1000;  // the most a service gives
constexpr size_t kMaxUploadPages = 1000;
constexpr size_t kMaxUploadId = 4096;  // bytes; services take some 100

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string element(std::string_view name, std::string_view text) {
    return "<" + std::string(name) + ">" + escaped(text) + "</" + std::string(name) + ">";
}

std::string without_quotes(std::string_view etag) {
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

HttpHeaders metadata_of(const HttpResponse& response) {
    constexpr std::string_view prefix = "x-amz-meta-";
    HttpHeaders metadata;
    for (const auto& [name, value] : response.headers)
        if (name.starts_with(prefix)) metadata.emplace_back(name.substr(prefix.size()), value);
    return metadata;
}

// A document as a request's body, which must live as long as the request.
void give_body(S3Request& request, const MemoryBytes& bytes, const std::string& text) {
    request.body = {&bytes, 0, bytes.size()};
    request.payload_hash = to_hex(sha256(text));
}

Error incomplete(const S3Bucket& bucket, const std::string& what) {
    return {ErrorKind::corrupt,
            "BUCKET " + bucket.target().bucket + ": the list of objects is not complete: " + what};
}

}  // namespace

std::string value_of(const HttpHeaders& values, std::string_view name) {
    for (const auto& [known, value] : values)
        if (known == name) return std::string(ascii::trim(value));
    return "";
}

void S3Bucket::create(Context& context) {
    S3Request request;
    request.method = "PUT";
    const std::string& region = target().region;
    // Amazon alone asks for it, except where a bucket goes by default.
    const std::string text =
        target().aws && region != "us-east-1"
            ? "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
                  element("LocationConstraint", region) + "</CreateBucketConfiguration>"
            : "";
    const MemoryBytes bytes(text);
    give_body(request, bytes, text);
    try {
        connection_.send(request, context);
    } catch (const S3Error& error) {
        if (error.code() != "BucketAlreadyOwnedByYou") throw;
    }
}

S3Bucket::Page S3Bucket::list(const std::string& prefix, const std::string& token,
                              const std::string& after, size_t most, Context& context) {
    S3Request request;
    request.method = "GET";
    request.query = {{"list-type", "2"}, {"prefix", prefix}, {"max-keys", std::to_string(most)}};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    request.answer = "ListBucketResult";
    const S3Answer answer = connection_.send(request, context);
    const XmlDocument& xml = answer.xml();

    Page page;
    const std::string* last = &after;
    for (XmlDocument::Row& row : xml.rows("Contents", {"Key", "Size", "LastModified"})) {
        const auto size = ascii::parse_number<uint64_t>(row[1].value_or(""));
        if (!row[0] || !size || *size > kS3MaxObject)
            throw incomplete(*this, "an object without name or size");
        if (!row[0]->starts_with(prefix)) throw incomplete(*this, *row[0] + " was not asked for");
        if (!last->empty() && *row[0] <= *last) throw incomplete(*this, *row[0] + " comes again");
        page.objects.push_back({std::move(*row[0]), *size, row[2].value_or("")});
        last = &page.objects.back().key;
    }
    const auto count = xml.text("KeyCount");
    if (count && ascii::parse_number<uint64_t>(*count) != page.objects.size())
        throw incomplete(*this, "other objects than it counts");
    const std::string truncated(ascii::trim(xml.text("IsTruncated").value_or("")));
    page.next = xml.text("NextContinuationToken").value_or("");
    if (truncated == "false") page.next.clear();
    if (truncated != "false" && (truncated != "true" || page.next.empty() || page.next == token))
        throw incomplete(*this, "it does not say how it goes on");
    return page;
}

void S3Bucket::each_object(const std::string& prefix, size_t most_pages,
                           const std::function<void(const Object&)>& visit, Context& context) {
    std::string token, last;
    for (size_t pages = 0; pages < most_pages; ++pages) {
        const Page page = list(prefix, token, last, kPageObjects, context);
        context.progress();
        for (const Object& object : page.objects) visit(object);
        if (page.next.empty()) return;
        if (!page.objects.empty()) last = page.objects.back().key;
        token = page.next;
    }
    throw Error(ErrorKind::limit,
                "BUCKET " + target().bucket + ": the list of objects does not end");
}

bool S3Bucket::contains(const std::string& key, Context& context) {
    // A key comes before all that begin with it.
    const Page page = list(key, "", "", 1, context);
    return !page.objects.empty() && page.objects.front().key == key;
}

std::optional<S3Bucket::Head> S3Bucket::head(const std::string& key, Context& context) {
    S3Request request;
    request.method = "HEAD";
    request.key = key;
    try {
        const S3Answer answer = connection_.send(request, context);
        const HttpResponse& response = answer.http();
        const auto size = ascii::parse_number<uint64_t>(response.header("content-length"));
        const std::string_view encryption = response.header("x-amz-server-side-encryption");
        const bool customer =
            !response.header("x-amz-server-side-encryption-customer-algorithm").empty();
        return Head{size.value_or(0), ascii::to_lower(without_quotes(response.header("etag"))),
                    std::string(response.header(kS3ImportHeader)), metadata_of(response),
                    customer || encryption.starts_with("aws:kms")};
    } catch (const S3Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        return std::nullopt;
    }
}

std::unique_ptr<HttpStream> S3Bucket::get(const std::string& key, const HttpHeaders& headers,
                                          Context& context) {
    S3Request request;
    request.method = "GET";
    request.key = key;
    request.headers = headers;
    return connection_.open(request, context);
}

void S3Bucket::put(const std::string& key, const HttpHeaders& metadata, const HttpBody& body,
                   const std::string& sha256, Context& context) {
    S3Request request;
    request.method = "PUT";
    request.key = key;
    request.headers = metadata;
    request.body = body;
    request.payload_hash = sha256;
    request.repeatable = false;
    connection_.send_once(request, context);
}

void S3Bucket::tag(const std::string& key, const HttpHeaders& tags, Context& context) {
    std::string text = "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>";
    for (const auto& [name, value] : tags)
        text += "<Tag>" + element("Key", name) + element("Value", value) + "</Tag>";
    text += "</TagSet></Tagging>";
    const MemoryBytes bytes(text);
    S3Request request;
    request.method = "PUT";
    request.key = key;
    request.query = {{"tagging", ""}};
    request.headers = {{"content-md5", base64_encode(md5(text))}};
    give_body(request, bytes, text);
    connection_.send(request, context);
}

HttpHeaders S3Bucket::tags(const std::string& key, Context& context) {
    S3Request request;
    request.method = "GET";
    request.key = key;
    request.query = {{"tagging", ""}};
    request.answer = "Tagging";
    const S3Answer answer = connection_.send(request, context);
    HttpHeaders tags;
    for (const XmlDocument::Row& row : answer.xml().rows("TagSet/Tag", {"Key", "Value"}))
        if (row[0]) tags.emplace_back(*row[0], row[1].value_or(""));
    return tags;
}

void S3Bucket::remove(const std::string& key, Context& context) {
    S3Request request;
    request.method = "DELETE";
    request.key = key;
    try {
        connection_.send(request, context);
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchKey") throw;
    }
}

std::string S3Bucket::begin_upload(const std::string& key, const HttpHeaders& metadata,
                                   bool& repeated, Context& context) {
    S3Request request;
    request.method = "POST";
    request.key = key;
    request.query = {{"uploads", ""}};
    request.headers = metadata;
    request.answer = "InitiateMultipartUploadResult";
    request.repeatable = false;
    repeated = true;  // as far as anybody knows, should this be cancelled
    try {
        const S3Answer answer = connection_.send(request, context);
        const std::string id(ascii::trim(answer.xml().text("UploadId").value_or("")));
        if (id.empty() || id.size() > kMaxUploadId)
            throw Error(ErrorKind::unavailable,
                        "BUCKET " + target().bucket +
                            ": the service began an upload without an id that can be used");
        repeated = connection_.repeated();
        return id;
    } catch (const S3Error& error) {
        repeated = error.uncertain() || connection_.repeated();
        throw;
    }
}

std::string S3Bucket::upload_part(const std::string& key, const std::string& upload,
                                  uint64_t number, const HttpBody& body, const std::string& sha256,
                                  Context& context) {
    S3Request request;
    request.method = "PUT";
    request.key = key;
    request.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}};
    request.body = body;
    request.payload_hash = sha256;
    std::string etag = without_quotes(connection_.send(request, context).http().header("etag"));
    if (etag.empty())
        throw Error(ErrorKind::unavailable, "BUCKET " + target().bucket +
                                                ": the service took part " +
                                                std::to_string(number) + " without an ETag");
    return etag;
}

std::optional<std::map<uint64_t, S3Bucket::UploadedPart>> S3Bucket::parts_of(
    const std::string& key, const std::string& upload, Context& context) {
    S3Request request;
    request.method = "GET";
    request.key = key;
    request.answer = "ListPartsResult";
    std::map<uint64_t, UploadedPart> parts;
    std::string marker;
    for (size_t pages = 0; pages < kMaxUploadPages; ++pages) {
        request.query = {{"uploadId", upload}};
        if (!marker.empty()) request.query.emplace_back("part-number-marker", marker);
        try {
            const S3Answer answer = connection_.send(request, context);
            const XmlDocument& xml = answer.xml();
            for (const XmlDocument::Row& row : xml.rows("Part", {"PartNumber", "Size", "ETag"})) {
                const auto number = ascii::parse_number<uint64_t>(row[0].value_or(""));
                const auto size = ascii::parse_number<uint64_t>(row[1].value_or(""));
                if (number && size) parts[*number] = {*size, without_quotes(row[2].value_or(""))};
            }
            const std::string truncated(ascii::trim(xml.text("IsTruncated").value_or("")));
            if (truncated == "false") return parts;
            const std::string next(ascii::trim(xml.text("NextPartNumberMarker").value_or("")));
            if (truncated != "true" || next.empty() || next == marker) break;
            marker = next;
        } catch (const S3Error& error) {
            // Ceph says NoSuchKey of one that is being completed.
            if (error.kind() != ErrorKind::not_found) throw;
            return std::nullopt;
        }
    }
    throw Error(ErrorKind::corrupt,
                "BUCKET " + target().bucket + ": the list of an upload's parts is not complete");
}

void S3Bucket::complete_upload(const std::string& key, const std::string& upload,
                               const std::vector<std::string>& etags, Context& context) {
    std::string text =
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (size_t i = 0; i < etags.size(); ++i)
        text += "<Part>" + element("PartNumber", std::to_string(i + 1)) +
                element("ETag", "\"" + etags[i] + "\"") + "</Part>";
    text += "</CompleteMultipartUpload>";
    const MemoryBytes bytes(text);
    S3Request request;
    request.method = "POST";
    request.key = key;
    request.query = {{"uploadId", upload}};
    request.answer = "CompleteMultipartUploadResult";
    request.stall_limit = kCompletionStall;
    request.repeatable = false;
    give_body(request, bytes, text);
    connection_.send_once(request, context);
}

void S3Bucket::abort_upload(const std::string& key, const std::string& upload, Context& context) {
    S3Request request;
    request.method = "DELETE";
    request.key = key;
    request.query = {{"uploadId", upload}};
    try {
        connection_.send(request, context);
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchUpload") throw;
    }
}

void S3Bucket::each_upload(const std::string& prefix, const std::function<void(UploadRow&)>& visit,
                           const std::function<bool(const std::string& last_key)>& is_behind,
                           Context& context) {
    S3Request request;
    request.method = "GET";
    request.answer = "ListMultipartUploadsResult";
    std::string key_marker, id_marker;
    for (size_t pages = 0; pages < kMaxUploadPages; ++pages) {
        request.query = {{"uploads", ""}, {"prefix", prefix}};
        if (!key_marker.empty())
            request.query.insert(request.query.end(),
                                 {{"key-marker", key_marker}, {"upload-id-marker", id_marker}});
        const S3Answer answer = connection_.send(request, context);
        const XmlDocument& xml = answer.xml();
        for (UploadRow& row : xml.rows("Upload", {"Key", "UploadId", "Initiated"})) visit(row);
        const std::string truncated(ascii::trim(xml.text("IsTruncated").value_or("")));
        const std::string before = key_marker + "\n" + id_marker;
        key_marker = xml.text("NextKeyMarker").value_or("");
        id_marker = xml.text("NextUploadIdMarker").value_or("");
        if (truncated == "false" || (truncated == "true" && is_behind(key_marker))) return;
        if (truncated != "true" || key_marker.empty() || key_marker + "\n" + id_marker == before)
            break;
    }
    throw Error(ErrorKind::corrupt,
                "BUCKET " + target().bucket + ": the list of pending uploads is not complete");
}

std::vector<std::string> S3Bucket::uploads_of(const std::string& key, Context& context) {
    std::vector<std::string> ids;
    // Those of this key come first: once the list is past it there are no more.
    each_upload(
        key,
        [&](const UploadRow& row) {
            if (row[0] == key && row[1] && !row[1]->empty()) ids.push_back(*row[1]);
        },
        [&key](const std::string& last_key) { return last_key > key; }, context);
    return ids;
}

std::vector<S3Bucket::Upload> S3Bucket::uploads(const std::string& prefix, Context& context) {
    std::vector<Upload> uploads;
    each_upload(
        prefix,
        [&](UploadRow& row) {
            if (!row[0] || !row[1] || row[1]->empty())
                throw incomplete(*this, "a pending upload without key or id");
            if (row[0]->starts_with(prefix))
                uploads.push_back({std::move(*row[0]), std::move(*row[1]), row[2].value_or("")});
        },
        [](const std::string&) { return false; }, context);
    return uploads;
}

}  // namespace onemarket
