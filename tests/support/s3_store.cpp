// SPDX-License-Identifier: Apache-2.0
#include "tests/support/s3_store.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace onemarket::test {
namespace {

constexpr size_t kSmallestPart = size_t{5} << 20;
constexpr const char* kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string md5_of(const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), out, &size, EVP_md5(), nullptr);
    return {reinterpret_cast<char*>(out), size};
}

std::string base64_of(const std::string& text) {
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    out.resize(static_cast<size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()))));
    return out;
}

std::string decoded(const std::string& text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            out += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string tag(const std::string& name, const std::string& text) {
    return "<" + name + ">" + text + "</" + name + ">";
}

// The texts of all elements of this name, in order.
std::vector<std::string> all(const std::string& xml, const std::string& name) {
    std::vector<std::string> texts;
    const std::string begin = "<" + name + ">";
    for (size_t at = xml.find(begin); at != std::string::npos; at = xml.find(begin, at)) {
        at += begin.size();
        texts.push_back(xml.substr(at, xml.find("</" + name + ">", at) - at));
    }
    return texts;
}

std::map<std::string, std::string> kept_headers(const WireRequest& request) {
    std::map<std::string, std::string> kept;
    for (const auto& [name, value] : request.headers)
        if (name.rfind("x-amz-meta-", 0) == 0 || name == "content-type") kept[name] = value;
    return kept;
}

std::string quoted(const std::string& etag) {
    return "\"" + etag + "\"";
}

}  // namespace

std::string md5_hex(const std::string& text) {
    std::string out;
    char digits[3];
    for (const char byte : md5_of(text)) {
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
        out += digits;
    }
    return out;
}

WireResponse s3_error(int status, const std::string& code, const std::string& more) {
    return {status,
            {{"content-type", "application/xml"}},
            kXml + tag("Error", tag("Code", code) + tag("Message", "the test server says so") +
                                    more + tag("RequestId", "0"))};
}

S3Call understand(const WireRequest& request, const std::string& base_path) {
    S3Call call;
    const size_t mark = std::min(request.target.find('?'), request.target.size());
    std::string path = request.target.substr(0, mark);
    if (path.rfind(base_path, 0) == 0) path.erase(0, base_path.size());
    const std::string host = request.headers.count("host") ? request.headers.at("host") : "";
    const size_t dot = host.find(".localhost");
    if (dot != std::string::npos) {
        call.bucket = host.substr(0, dot);
    } else {
        const size_t slash = std::min(path.find('/', 1), path.size());
        call.bucket = decoded(path.substr(std::min<size_t>(1, path.size()), slash - 1));
        path.erase(0, slash);
    }
    call.key = path.size() > 1 ? decoded(path.substr(1)) : "";
    for (size_t at = mark + 1; at < request.target.size();) {
        const size_t end = std::min(request.target.find('&', at), request.target.size());
        const std::string pair = request.target.substr(at, end - at);
        const size_t equals = std::min(pair.find('='), pair.size());
        call.query[decoded(pair.substr(0, equals))] =
            equals < pair.size() ? decoded(pair.substr(equals + 1)) : "";
        at = end + 1;
    }
    const auto has = [&call](const char* name) { return call.query.count(name) > 0; };
    const std::string& method = request.method;
    if (call.key.empty())
        call.operation = method == "PUT"                       ? "CreateBucket"
                         : method == "GET" && has("list-type") ? "ListObjectsV2"
                         : method == "GET" && has("uploads")   ? "ListMultipartUploads"
                                                               : "";
    else if (has("uploadId"))
        call.operation = method == "PUT"      ? "UploadPart"
                         : method == "GET"    ? "ListParts"
                         : method == "POST"   ? "CompleteMultipartUpload"
                         : method == "DELETE" ? "AbortMultipartUpload"
                                              : "";
    else if (has("uploads"))
        call.operation = method == "POST" ? "CreateMultipartUpload" : "";
    else if (has("tagging"))
        call.operation = method == "PUT"   ? "PutObjectTagging"
                         : method == "GET" ? "GetObjectTagging"
                                           : "";
    else
        call.operation = method == "PUT"      ? "PutObject"
                         : method == "GET"    ? "GetObject"
                         : method == "HEAD"   ? "HeadObject"
                         : method == "DELETE" ? "DeleteObject"
                                              : "";
    return call;
}

WireResponse S3Store::handle(const S3Call& call, const WireRequest& request,
                             bool forget_last_part) {
    const auto md5 = request.headers.find("content-md5");
    if (md5 != request.headers.end() && md5->second != base64_of(md5_of(request.body)))
        return s3_error(400, "BadDigest");
    if (call.operation == "CreateBucket") {
        if (buckets.count(call.bucket)) return s3_error(409, "BucketAlreadyOwnedByYou");
        buckets[call.bucket];
        return {};
    }
    const auto bucket = buckets.find(call.bucket);
    if (bucket == buckets.end()) return s3_error(404, "NoSuchBucket");
    if (call.key.empty()) return of_bucket(call, bucket->second);
    if (call.operation == "ListParts" || call.operation.find("Upload") != std::string::npos)
        return of_upload(call, request, bucket->second, forget_last_part);
    return of_object(call, request, bucket->second);
}

WireResponse S3Store::of_bucket(const S3Call& call, const Bucket& bucket) const {
    if (call.operation == "ListObjectsV2") return list(call, bucket);
    std::string uploads;
    for (const auto& [id, upload] : bucket.uploads)
        if (upload.key.rfind(call.query.at("prefix"), 0) == 0)
            uploads += tag("Upload", tag("Key", upload.key) + tag("UploadId", id));
    return {
        200, {}, kXml + tag("ListMultipartUploadsResult", tag("IsTruncated", "false") + uploads)};
}

WireResponse S3Store::list(const S3Call& call, const Bucket& bucket) const {
    const std::string prefix = call.query.at("prefix");
    const auto after = call.query.find("continuation-token");
    const auto wanted = call.query.find("max-keys");
    const size_t most = wanted == call.query.end()
                            ? page_
                            : std::min(page_, static_cast<size_t>(std::stoul(wanted->second)));
    std::string contents, last;
    size_t count = 0;
    bool more = false;
    for (const auto& [key, object] : bucket.objects) {
        if (key.rfind(prefix, 0) != 0) continue;
        if (after != call.query.end() && key <= decoded(after->second)) continue;
        more = count == most;
        if (more) break;
        contents += tag("Contents", tag("Key", key) + tag("ETag", quoted(object.etag)) +
                                        tag("Size", std::to_string(object.bytes.size())));
        last = key;
        ++count;
    }
    std::string head =
        tag("IsTruncated", more ? "true" : "false") + tag("KeyCount", std::to_string(count));
    if (more) head += tag("NextContinuationToken", last);
    return {200, {}, kXml + tag("ListBucketResult", head + contents)};
}

WireResponse S3Store::of_object(const S3Call& call, const WireRequest& request, Bucket& bucket) {
    if (call.operation == "PutObject") {
        const std::string etag = md5_hex(request.body);
        bucket.objects[call.key] = {request.body, etag, kept_headers(request)};
        return {200, {{"etag", quoted(etag)}}};
    }
    if (call.operation == "DeleteObject") {
        bucket.objects.erase(call.key);
        return {204};
    }
    const auto object = bucket.objects.find(call.key);
    if (object == bucket.objects.end()) return s3_error(404, "NoSuchKey");
    if (call.operation == "PutObjectTagging") {
        const auto keys = all(request.body, "Key"), values = all(request.body, "Value");
        for (size_t i = 0; i < keys.size() && i < values.size(); ++i)
            object->second.tags[keys[i]] = values[i];
        return {};
    }
    if (call.operation == "GetObjectTagging") {
        std::string rows;
        for (const auto& [key, value] : object->second.tags)
            rows += "<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>";
        return {200, {}, "<Tagging><TagSet>" + rows + "</TagSet></Tagging>"};
    }
    WireResponse response{200, object->second.headers, object->second.bytes};
    const std::string etag = response.headers["etag"] = quoted(object->second.etag);
    const auto wanted = request.headers.find("if-match");
    if (wanted != request.headers.end() && wanted->second != etag)
        return s3_error(412, "PreconditionFailed");
    const auto range = request.headers.find("range");
    if (range == request.headers.end()) return response;
    const size_t first = std::stoul(range->second.substr(range->second.find('=') + 1));
    const size_t size = response.body.size();
    if (first >= size) return s3_error(416, "InvalidRange");
    const std::string end = range->second.substr(range->second.find('-') + 1);
    const size_t last = end.empty() ? size - 1 : std::min<size_t>(std::stoul(end), size - 1);
    response.status = 206;
    response.headers["content-range"] =
        "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(size);
    response.body = response.body.substr(first, last - first + 1);
    return response;
}

WireResponse S3Store::of_upload(const S3Call& call, const WireRequest& request, Bucket& bucket,
                                bool forget_last_part) {
    if (call.operation == "CreateMultipartUpload") {
        const std::string id = "upload-" + std::to_string(next_upload_++);
        bucket.uploads[id] = {call.key, kept_headers(request)};
        return {200, {}, kXml + tag("InitiateMultipartUploadResult", tag("UploadId", id))};
    }
    const auto found = bucket.uploads.find(call.query.at("uploadId"));
    if (found == bucket.uploads.end() || found->second.key != call.key)
        return s3_error(404, "NoSuchUpload");
    Upload& upload = found->second;
    if (call.operation == "AbortMultipartUpload") {
        bucket.uploads.erase(found);
        return {204};
    }
    if (call.operation == "ListParts") {
        const auto after = call.query.find("part-number-marker");
        const int marker = after == call.query.end() ? 0 : std::stoi(after->second);
        std::string parts;
        size_t count = 0;
        int last = 0;
        for (auto part = upload.parts.upper_bound(marker);
             part != upload.parts.end() && count < page_; ++part, ++count) {
            parts += tag("Part", tag("PartNumber", std::to_string(part->first)) +
                                     tag("ETag", quoted(md5_hex(part->second))) +
                                     tag("Size", std::to_string(part->second.size())));
            last = part->first;
        }
        const bool more = upload.parts.upper_bound(last) != upload.parts.end();
        if (more) parts += tag("NextPartNumberMarker", std::to_string(last));
        return {200,
                {},
                kXml + tag("ListPartsResult", tag("IsTruncated", more ? "true" : "false") + parts)};
    }
    if (call.operation == "UploadPart") {
        const int number = std::stoi(call.query.at("partNumber"));
        if (number < 1 || number > 10'000) return s3_error(400, "InvalidArgument");
        upload.parts[number] = request.body;
        return {200, {{"etag", quoted(md5_hex(request.body))}}};
    }
    // CompleteMultipartUpload: the parts it names, in their order, by the ETags they were given.
    const auto numbers = all(request.body, "PartNumber"), etags = all(request.body, "ETag");
    std::string bytes, md5s;
    int before = 0;
    for (size_t i = 0; i < numbers.size(); ++i) {
        const int number = std::stoi(numbers[i]);
        if (number <= before) return s3_error(400, "InvalidPartOrder");
        before = number;
        const auto part = upload.parts.find(number);
        if (part == upload.parts.end() || i >= etags.size() ||
            etags[i] != quoted(md5_hex(part->second)))
            return s3_error(400, "InvalidPart");
        if (part->second.size() < kSmallestPart && i + 1 < numbers.size())
            return s3_error(400, "EntityTooSmall");
        if (forget_last_part && i + 1 == numbers.size()) break;
        bytes += part->second;
        md5s += md5_of(part->second);
    }
    if (numbers.empty()) return s3_error(400, "MalformedXML");
    const std::string etag = md5_hex(md5s) + "-" + std::to_string(numbers.size());
    bucket.objects[call.key] = {bytes, etag, upload.headers};
    bucket.uploads.erase(found);
    return {200,
            {{"etag", quoted(etag)}},
            kXml + tag("CompleteMultipartUploadResult", tag("ETag", quoted(etag)))};
}

}  // namespace onemarket::test
